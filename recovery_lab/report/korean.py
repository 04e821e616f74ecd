"""The Korean words of the HTML page, by their English text."""

from collections.abc import Mapping

KOREAN: Mapping[str, str] = {
    # verdicts and roles
    "passed": "통과",
    "failed": "실패",
    "inconclusive": "판정 불가",
    "control": "대조군",
    "control broke": "대조군 (예상대로 어김)",
    "late": "목표 초과",
    "reference": "참고용",
    "not met": "장애를 겪지 않음",
    "not played": "실행하지 않음",
    "uncontrolled": "대조군 없음",
    "passed (uncontrolled)": "통과 (대조군 없음)",
    "control failed, as it must": "대조군: 예상대로 실패",
    "subject": "검증 대상",
    "steady": "연속 조회",
    "idle": "유휴 풀",
    "fresh": "조회마다 새 연결",
    "cold": "장애 중 시작",
    "crowd": "몰린 조회",
    "never": "복구 안 됨",
    "unknown": "알 수 없음",
    "{n} of {of}": "{of}회 중 {n}회",
    "and {n} more": "외 {n}건",
    # the head
    "Run of {began}, seed {seed}, commit {commit}.": "실행 {began}, 시드 {seed}, 커밋 {commit}.",
    "{failed} failed, {inconclusive} inconclusive, {passed} passed of {cells} deciding cells; "
    "references: {references}; outages: {outages}.": (
        "판정하는 셀 {cells}개 중 실패 {failed}, 판정 불가 {inconclusive}, 통과 {passed}. "
        "참고용 셀 {references}개, 장애 {outages}회."
    ),
    "Not held to what the plan waives: {rules}.": "계획에 따라 적용하지 않은 규칙: {rules}.",
    "{n} planned outages never began.": "계획한 장애 중 {n}회는 시작되지 않았습니다.",
    # margins
    "Margins": "여유 시간",
    "Live reads": "실시간 조회",
    "System Health": "시스템 상태(System Health)",
    "{s} s inside the {bound} s target": "목표 {bound}초까지 {s}초 남음",
    "{s} s past the {bound} s target": "목표 {bound}초를 {s}초 초과",
    "{s} s inside the {bound} s limit": "한도 {bound}초까지 {s}초 남음",
    "{s} s past the {bound} s limit": "한도 {bound}초를 {s}초 초과",
    "not seen back after ready, in {where}: target {target} s, limit {limit} s.": (
        "{where}에서 ready 이후 복구가 확인되지 않았습니다(목표 {target}초, 한도 {limit}초)."
    ),
    "Worst: back {s} s after ready, in {where}.": "최댓값: ready 후 {s}초에 복구({where}).",
    "No subject read steadily and no health was asked: there is no lag to tell.": (
        "연속으로 조회한 검증 대상도 상태 확인도 없어 복구 지연을 말할 수 없습니다."
    ),
    # the matrix
    "Faults and contenders": "장애와 정책",
    "Each cell is the worst of its outages, with how many of them were so. "
    "It leads to its timeline.": (
        "각 셀은 여러 장애 중 가장 나쁜 결과와 그 횟수입니다. 셀을 누르면 타임라인이 열립니다."
    ),
    "A subject must keep its promises; a control must break its named one; "
    "a reference decides nothing.": (
        "검증 대상은 약속을 모두 지켜야 하고, 대조군은 정해진 약속을 어겨야 하며, "
        "참고용은 판정에 쓰이지 않습니다."
    ),
    "{job}: under each outcome the recovery lag, median / worst, in s": (
        "{job}: 결과 아래는 복구 지연의 중앙값 / 최댓값(초)"
    ),
    "Idle pools: under each outcome the outages in which first reads failed or hung": (
        "유휴 풀: 결과 아래는 첫 조회가 실패하거나 멈춘 장애의 수"
    ),
    "No outage was played.": "실행한 장애가 없습니다.",
    # what broke
    "What broke, how to repeat it, and who mended it": "어긴 약속, 재현 명령, 해결한 정책",
    "To repeat it:": "재현 명령:",
    "{who} mended it: it kept “{rules}” in {n} of the same {n} outages, in {broken} of which this "
    "one broke it. That bounds the share of outages in which it would break to at most {x} % "
    "(95 %).": (
        "{who} 정책이 해결: 같은 장애 {n}회 중 {n}회에서 “{rules}” 규칙을 지켰습니다"
        "(이 셀은 그중 {broken}회에서 어김). 따라서 이 정책이 어길 장애의 비율은 "
        "최대 {x} %입니다(95 % 신뢰수준)."
    ),
    "Who mends it this run does not show: nobody was held to the same rules in at least 3 of the "
    "same outages and kept them in all.": (
        "무엇이 해결하는지는 이 실행으로 알 수 없습니다. 같은 장애 3회 이상에서 같은 규칙을 "
        "적용받아 모두 지킨 정책이 없습니다."
    ),
    "Nothing failed, and nothing is in doubt.": "실패한 셀도 불확실한 셀도 없습니다.",
    "Controls that broke their rule, as they must, and who kept it in the same outages": (
        "규칙을 어겨야 해서 어긴 대조군, 그리고 같은 장애에서 그 규칙을 지킨 정책"
    ),
    "job": "조회 방식",
    "broke it": "어긴 횟수",
    "kept it, in all of the same outages": "같은 장애 모두에서 지킨 정책(장애 수)",
    # lags and first reads
    "Recovery lags": "복구 지연",
    "Each dot is an outage, the upright line the median: lags come in humps, which a median hides. "
    "From ready to the end of the first good read after which all is good; "
    "outages in doubt do not count. What never came back has no dot.": (
        "점 하나가 장애 한 번, 세로선이 중앙값입니다. 지연은 몇 군데에 몰려 나타나므로 "
        "중앙값만으로는 보이지 않습니다. ready부터, 그 뒤로 모두 정상인 첫 조회가 끝날 때까지의 "
        "시간이며, 판정이 불확실한 장애는 세지 않습니다. "
        "복구되지 않은 것은 점이 없습니다."
    ),
    "Recovery lags under {fault}, s": "{fault} 장애의 복구 지연(초)",
    "see verdict.json": "verdict.json 참고",
    "Contenders side by side tell who recovered, not how fast one is alone: "
    "for that, run with --solo 1.": (
        "여러 정책을 나란히 실행하면 누가 복구했는지만 알 수 있습니다. "
        "단독 속도는 --solo 1로 실행해서 확인하세요."
    ),
    "First reads of idle pools": "유휴 풀의 첫 조회",
    "As many reads at once as the pool held connections, 3 s after ready": (
        "ready 3초 뒤, 풀이 가진 연결 수만큼 동시에 보낸 조회"
    ),
    "so at most {x} % of such outages (95 %)": "따라서 이런 장애의 최대 {x} %(95 % 신뢰수준)",
    "contender": "정책",
    "fault": "장애",
    "role": "역할",
    "outages that count": "유효한 장애",
    "outages with a read failed or hung after ready": "ready 후 조회가 실패하거나 멈춘 장애",
    "median": "중앙값",
    "worst": "최댓값",
    "each": "각각",
    "outages in which some failed or hung": "실패하거나 멈춘 장애",
    "failed or hung of the first reads, each outage": "장애별 첫 조회 중 실패·멈춤",
    "longest wait, s": "가장 긴 대기(초)",
    # beside the reads
    "Connections, log and costs": "연결, 로그, 비용",
    "From the loss to 5 s after ready, in each contender's own container; "
    "attempts that were refused count, too": (
        "끊긴 때부터 ready 5초 뒤까지, 각 정책의 컨테이너에서 셈(거부된 시도 포함)"
    ),
    "database away, s: median / worst (n)": "데이터베이스 없음(초): 중앙값 / 최댓값 (횟수)",
    "connections opened: median / worst (n)": "연결 시도: 중앙값 / 최댓값 (횟수)",
    "most in a second: median / worst (n)": "1초 최대: 중앙값 / 최댓값 (횟수)",
    "most log lines in a second: median / worst (n)": (
        "1초 최대 로그 줄 수: 중앙값 / 최댓값 (횟수)"
    ),
    "Alone in its outage, medians: in the second before it / from the loss to ready / "
    "in the 5 s after": "단독 실행의 중앙값: 장애 전 1초 / 끊긴 때부터 ready까지 / 그 뒤 5초",
    "processor, % of one": "프로세서(1개의 %)",
    "memory, MB": "메모리(MB)",
    "log lines a second": "초당 로그 줄 수",
    "log bytes a second": "초당 로그 바이트",
    # where it ran
    "What this run stood on": "실행 환경",
    "Host, versions, images, settings": "호스트, 버전, 이미지, 설정",
    "what": "항목",
    "value": "값",
    "began": "시작",
    "seed": "시드",
    "commit": "커밋",
    "with uncommitted changes": "(커밋하지 않은 변경 있음)",
    "target": "대상 파일",
    "image {name}": "이미지 {name}",
    # rules
    "What it was held to": "판정 기준",
    "The promises": "약속",
    "rule": "규칙",
    "holds when": "조건",
    "bound": "한계",
    "The thresholds, in s unless the name says otherwise; docs/measuring.md tells their reasons:": (
        "임계값(이름에 단위가 없으면 초, 근거는 docs/measuring.md):"
    ),
    # doubts
    "What this run does not show": "이 실행으로 알 수 없는 것",
    "{fault}: not played, the target declares no {lacks}.": (
        "{fault}: 대상 파일에 {lacks} 선언이 없어 실행하지 않음."
    ),
    "Planned, never begun:": "계획했으나 시작하지 않음:",
    "In doubt:": "불확실함:",
    "Not judged, or waived:": "판정하지 않았거나 적용하지 않음:",
    "{n} of {of} outages count for {who}: the others are in doubt.": (
        "{who}: 장애 {of}회 중 {n}회만 유효하고 나머지는 불확실합니다."
    ),
    "Passed uncontrolled: no control of the same job broke its rule in the same outage, "
    "so nothing shows that the fault could have hurt:": (
        "대조군 없이 통과: 같은 장애에서 규칙을 어긴 대조군이 없어, "
        "장애가 실제로 해를 끼칠 수 있었는지 보여 주지 못합니다:"
    ),
    "Not met, because by the fault's effects they can meet nothing:": (
        "장애의 성격상 아무 영향도 받을 수 없어 겪지 않음:"
    ),
    "No read failed or hung after ready in {n} of {n} outages: that bounds the share of such "
    "outages to at most {x} % (95 %), and says nothing of rarer ones.": (
        "장애 {n}회 모두에서 ready 이후 실패하거나 멈춘 조회가 없으면, 그런 장애의 비율은 "
        "최대 {x} %입니다(95 % 신뢰수준). 그보다 드문 경우는 알 수 없습니다."
    ),
    "Played again because the recorder was late, which proves nothing either way; "
    "kept under late/:": "기록이 늦어 아무것도 증명하지 못하므로 다시 실행함(late/에 보관):",
    "To keep this file small, {n} of {of} outages stand here without detail; "
    "all are in report.md and timelines/.": (
        "파일을 작게 유지하려고 장애 {of}회 중 {n}회는 상세 내용을 뺐습니다. "
        "모두 report.md와 timelines/에 있습니다."
    ),
    "Other lengths, loads, versions and hosts than these.": (
        "여기에 적힌 것과 다른 길이, 부하, 버전, 호스트."
    ),
    # timelines
    "Timelines": "타임라인",
    "Time in s after the fault was asked for, on one axis for each fault. "
    "Every read stands at the instant at which it was due.": (
        "장애를 요청한 뒤의 시간(초)이며 장애마다 축이 하나입니다. 조회는 예정된 시각에 표시합니다."
    ),
    "All reads that failed, hung, were missed or unfinished are drawn; of the good ones "
    "the longest wait in each of {n} columns, the higher the longer.": (
        "실패, 멈춤, 미전송, 미완료 조회는 모두 그립니다. 정상 조회는 {n}개 구간마다 "
        "가장 오래 기다린 것만 그리며, 높을수록 오래 기다린 것입니다."
    ),
    "All reads that failed, hung, were missed or unfinished are drawn; "
    "the good ones are not, to keep this file small.": (
        "실패, 멈춤, 미전송, 미완료 조회는 모두 그립니다. "
        "정상 조회는 파일을 작게 유지하려고 그리지 않습니다."
    ),
    "database away": "데이터베이스 없음",
    "ready": "ready",
    "recovered": "복구",
    "What the reads that failed or hung said:": "실패하거나 멈춘 조회의 메시지:",
    "Each outage of {who} ({job}): its reads by outcome, in s after the fault was asked for": (
        "{who}({job}): 장애별 조회 결과(장애를 요청한 뒤의 시간, 초)"
    ),
    "outage": "장애",
    "verdict": "판정",
    "good": "정상",
    "hung": "멈춤",
    "missed": "미전송",
    "unfinished": "미완료",
    "not good: first to last due, s": "정상 아님: 처음~마지막 예정 시각(초)",
    "ready, s": "ready(초)",
    "recovery lag, s": "복구 지연(초)",
    "first reads failed or hung": "첫 조회 실패·멈춤",
    "not seen": "확인되지 않음",
    "its history was not kept: no timeline": "기록이 보관되지 않아 타임라인이 없습니다",
    "Back to the matrix": "표로 돌아가기",
}
