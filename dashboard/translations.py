"""The Korean words of the pages, by their English text."""

from collections.abc import Mapping

KOREAN: Mapping[str, str] = {
    # navigation
    "System Health": "시스템 상태",
    "Orders": "주문",
    "Runbook": "운영 안내서",
    "Runbook: what to do, step by step": "운영 안내서: 단계별 조치 방법",
    # the verdict
    "Starting": "시작 중",
    "Up since {since}": "정상 ({since}부터)",
    "Down since {since}": "중단 ({since}부터)",
    "Stale: nothing is known since {since}": "알 수 없음: {since} 이후 상태를 확인하지 못했습니다",
    "The first check of PostgreSQL has not ended yet. Wait a second.": (
        "PostgreSQL 상태를 처음으로 확인하고 있습니다. 잠시 기다려 주세요."
    ),
    "PostgreSQL has not been seen since the dashboard started: {trouble}. "
    "If it is starting as well, wait. Otherwise start it; this page turns to up by itself.": (
        "대시보드가 시작된 뒤로 아직 PostgreSQL에 연결하지 못했습니다({trouble}). "
        "PostgreSQL도 시작하는 중이라면 기다리고, 그렇지 않으면 PostgreSQL을 시작하세요. "
        "연결되면 이 화면도 자동으로 정상으로 바뀝니다."
    ),
    "PostgreSQL answers, and new sessions work. Nothing to do.": (
        "PostgreSQL이 응답하고 새 연결도 맺을 수 있습니다. 조치할 것이 없습니다."
    ),
    "PostgreSQL takes no new session: {trouble}. Orders shows the last good data "
    "where it cannot read. Bring PostgreSQL back; this page turns to up by itself.": (
        "PostgreSQL에 새로 연결할 수 없습니다({trouble}). "
        "조회할 수 없는 동안 주문 화면에는 마지막으로 조회한 데이터가 표시됩니다. "
        "PostgreSQL을 복구하세요. 복구되면 이 화면도 자동으로 정상으로 바뀝니다."
    ),
    "The last check is too old to trust, so the database may be up or down. "
    "Look at the dashboard's log; if this stays for a minute, restart the dashboard.": (
        "마지막 상태 확인이 오래되어 데이터베이스가 지금 정상인지 알 수 없습니다. "
        "대시보드 로그를 확인하고, 1분이 지나도 그대로이면 대시보드를 재시작하세요."
    ),
    "PostgreSQL answers, but the last read through the pool failed: {trouble}. "
    "If this stays, restart the dashboard and read the runbook.": (
        "PostgreSQL은 응답하지만 커넥션 풀을 통한 마지막 조회가 실패했습니다({trouble}). "
        "계속 실패하면 대시보드를 재시작하고 운영 안내서를 참고하세요."
    ),
    "PostgreSQL answers, but all {count} workers of the dashboard hang in reads that do not end: "
    "nobody gets data. Read the runbook; if this stays for a minute, restart the dashboard.": (
        "PostgreSQL은 응답하지만 대시보드의 조회 스레드 {count}개가 모두 끝나지 않는 조회에 "
        "묶여 있어 아무도 데이터를 조회할 수 없습니다. 운영 안내서를 참고하고, "
        "1분이 지나도 그대로이면 대시보드를 재시작하세요."
    ),
    "The policy in force keeps one connection for ever: after an outage, restart the dashboard.": (
        "현재 정책은 연결 하나를 계속 재사용합니다. 장애가 끝나면 대시보드를 재시작해야 합니다."
    ),
    "No check has ended yet.": "아직 끝난 상태 확인이 없습니다.",
    "Checked {age} s ago.": "{age}초 전에 확인했습니다.",
    "This page refreshes by itself, last at {now}; "
    "while that time stands still, the dashboard itself is down.": (
        "이 화면은 자동으로 갱신됩니다(마지막 갱신: {now}). "
        "이 시각이 바뀌지 않으면 대시보드가 응답하지 않는 것입니다."
    ),
    # latency
    "Latency": "응답 시간",
    "Local time": "현지 시각",
    "Latency (ms)": "응답 시간(ms)",
    "Latency of the latest checks over time; the figures follow as text.": (
        "최근 상태 확인의 응답 시간 그래프입니다. 수치는 아래에 글로 나옵니다."
    ),
    "No good check among the last {count}.": "최근 {count}회의 상태 확인이 모두 실패했습니다.",
    "Latest check: {latest}; {good} of {count} checks good: median {median} ms, "
    "slowest {worst} ms. Shaded: the database did not answer.": (
        "마지막 확인: {latest}. 최근 {count}회 중 {good}회 정상, 중앙값 {median} ms, "
        "최댓값 {worst} ms. 음영: 데이터베이스가 응답하지 않은 구간."
    ),
    # the pool
    "Connection pool": "커넥션 풀",
    "In use": "사용 중",
    "Idle": "유휴",
    "Connects": "누적 연결",
    "Invalidations": "누적 폐기",
    "**All {total} workers hang** in reads that nobody waits for any more: {names}. "
    "No read is served until one of them ends; the runbook says what to do.": (
        "**조회 스레드 {total}개가 모두** 기다리는 사람이 없는 조회에 묶여 있습니다: {names}. "
        "하나라도 끝날 때까지 조회할 수 없습니다. 조치 방법은 운영 안내서에 있습니다."
    ),
    "{count} of {total} workers hang in reads that nobody waits for any more: {names}.": (
        "조회 스레드 {total}개 중 {count}개가 기다리는 사람이 없는 조회에 묶여 있습니다: {names}."
    ),
    "failed": "실패",
    "Nobody has read through the pool yet: open Orders.": (
        "아직 커넥션 풀을 통한 조회가 없습니다. 주문 화면을 열어 보세요."
    ),
    "The last read through the pool was good, at {at}.": (
        "커넥션 풀을 통한 마지막 조회: {at}, 성공."
    ),
    "The last read through the pool failed, at {at}: {why}.": (
        "커넥션 풀을 통한 마지막 조회: {at}, 실패({why})."
    ),
    "Policy in force: **{name}** ({shown_as})": "적용된 정책: **{name}** ({shown_as})",
    "SQLAlchemy defaults": "SQLAlchemy 기본값",
    "plan 18-03": "계획 18-03",
    "dispose on failure": "실패하면 풀을 새로 만듦",
    "cached connection": "연결 하나를 계속 재사용",
    "plan 18-03 + retry": "계획 18-03 + 재시도",
    "steadypool": "steadypool",
    "asks a connection whether it lives before each use": (
        "연결을 꺼낼 때마다 살아 있는지 확인합니다"
    ),
    "replaces connections older than this many seconds (by age, not by idle time)": (
        "만든 지 이 시간(초)이 지난 연결을 새로 만듭니다(유휴 시간이 아닌 생성 후 경과 시간 기준)"
    ),
    "waits at most this many seconds for a free connection": (
        "빈 연결이 없으면 최대 이 시간(초)만큼 기다립니다"
    ),
    "takes the connection used last, so that spare ones may go": (
        "가장 최근에 쓴 연결부터 꺼내, 남는 연결이 정리될 수 있게 합니다"
    ),
    "gives up soon on a server that does not answer": (
        "응답하지 않는 서버를 오래 기다리지 않습니다"
    ),
    "reads again, within one deadline, while the database is away": (
        "데이터베이스가 응답하지 않는 동안 정해진 시간 안에서 다시 조회합니다"
    ),
    "reads wait, within one deadline, until the database is back": (
        "데이터베이스가 돌아올 때까지 정해진 시간 안에서 기다렸다가 조회합니다"
    ),
    "closes the whole pool when a check fails": "상태 확인이 실패하면 풀 전체를 닫습니다",
    "keeps one connection for ever, without a pool": "풀 없이 연결 하나를 계속 재사용합니다",
    "no option: SQLAlchemy's defaults": "추가 설정 없음(SQLAlchemy 기본값)",
    # the server and its outages
    "Server": "서버",
    "Not seen yet.": "아직 확인되지 않았습니다.",
    "PostgreSQL **{version}**, started at {at}.": "PostgreSQL **{version}**, 시작 시각: {at}.",
    "Outages since the dashboard started": "대시보드 시작 이후의 장애",
    "None since {at}.": "{at} 이후 장애가 없습니다.",
    "Began": "시작",
    "Ended": "종료",
    "Length": "지속 시간",
    "At least / at most": "최소 / 최대",
    "lasts": "진행 중",
    # orders
    "Regions": "지역",
    "All regions": "모든 지역",
    "Last days": "최근 기간(일)",
    "Region": "지역",
    "Amount": "금액",
    "Average order": "평균 주문 금액",
    "Share of orders": "주문 비율",
    "Day (UTC)": "날짜(UTC)",
    "Orders per day": "일별 주문 수",
    "No orders for this choice.": "조건에 맞는 주문이 없습니다.",
    "Orders per day and region from {first} to {last}, {orders} in all.": (
        "{first}부터 {last}까지의 일별·지역별 주문 수입니다. 모두 {orders}건입니다."
    ),
    "Live: read {age} s ago, at {at}.": "실시간: {age}초 전({at})에 조회했습니다.",
    "No data yet: {why}. This page goes on trying by itself.": (
        "아직 데이터가 없습니다({why}). 이 화면은 자동으로 다시 조회합니다."
    ),
    "Not live: data from {age} s ago, because {why}. This page goes on trying by itself.": (
        "실시간이 아님: {age}초 전에 조회한 데이터입니다({why}). "
        "이 화면은 자동으로 다시 조회합니다."
    ),
    # troubles
    "{why}, operation {operation}": "{why}, 작업 ID {operation}",
    "the database has not answered yet": "데이터베이스가 아직 응답하지 않음",
    "the database closed the connection": "데이터베이스가 연결을 끊음",
    "an administrator ended the session or stopped the server": (
        "관리자가 세션을 종료했거나 서버를 중지함"
    ),
    "a process of the server crashed, and it ended all sessions": (
        "서버 프로세스 하나가 비정상 종료되어 서버가 모든 세션을 끊음"
    ),
    "the database ended a session that was idle for too long": (
        "너무 오래 유휴 상태인 세션을 데이터베이스가 끊음"
    ),
    "the database ended a transaction that was idle for too long": (
        "너무 오래 유휴 상태인 트랜잭션을 데이터베이스가 끊음"
    ),
    "the database ended a transaction that took too long": (
        "제한 시간을 넘긴 트랜잭션을 데이터베이스가 끊음"
    ),
    "the database was dropped": "데이터베이스가 삭제됨",
    "the database refuses connections": "데이터베이스가 연결을 거부함",
    "the database's host does not answer": "데이터베이스 호스트가 응답하지 않음",
    "the name of the database's host does not resolve": (
        "데이터베이스 호스트의 이름을 DNS에서 찾을 수 없음"
    ),
    "the database is starting up": "데이터베이스가 시작하는 중",
    "the database is shutting down": "데이터베이스가 종료하는 중",
    "the database accepts no connections": "데이터베이스가 연결을 받지 않는 상태임",
    "the database has no free connection slot": "데이터베이스의 최대 연결 수를 초과함",
    "the database rejected the login": "데이터베이스가 로그인을 거부함",
    "the server's pg_hba.conf admits no such connection": (
        "서버의 pg_hba.conf가 이 연결을 허용하지 않음"
    ),
    "the server has no database of this name": "서버에 그런 이름의 데이터베이스가 없음",
    "the server rejected the connection": "서버가 응답했지만 연결을 허용하지 않음",
    "the database's server did not prove who it is": "데이터베이스 서버의 신원을 확인할 수 없음",
    "no session could be opened": "데이터베이스에 연결하지 못함",
    "the dashboard cannot read its password file": "대시보드가 비밀번호 파일을 읽지 못함",
    "the database rejected the query": "데이터베이스가 쿼리를 거부함",
    "no pooled connection became free in time": "제한 시간 안에 풀에서 빈 연결을 얻지 못함",
    "too many reads are waiting": "대기 중인 조회가 너무 많음",
    "no answer within the deadline": "제한 시간 안에 응답이 없음",
    "the dashboard is stopping": "대시보드가 종료하는 중",
    "the read failed in the dashboard": "대시보드 내부 오류로 조회에 실패함",
}
