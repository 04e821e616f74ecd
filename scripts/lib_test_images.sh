# shellcheck shell=bash
# Makes the images that `make up` does not ask for: of the tests, of `make observe`, and of `make versions`
# and `make peers`.
# Sourced by images.sh, which knows Python's image.

make_prometheus() {
  [ "$PROMETHEUS_IMAGE" != "$STAND_IN_PROMETHEUS" ] ||
    stand_in prometheus prometheus/standin "$STAND_IN_PROMETHEUS"
}

# It is large.
make_browser() {
  local python files=(tests/browser/Dockerfile requirements/browser.txt requirements/installer.txt)
  python="$(python_id)"
  build_with "$python$(content "${files[@]}")" "$BROWSER_IMAGE" \
    docker compose --profile verify build --progress plain browser
}

# The application of the second target.
make_second() {
  local python home=tests/targets/inventory
  local files=("$home/Dockerfile" "$home/app.py" requirements/second-target.txt)
  python="$(python_id)"
  build_with "$python$(content "${files[@]}")" "$SECOND_IMAGE" docker compose \
    --project-name recovery-lab-second --file "$home/compose.yml" build --progress plain web
}

# Other versions of libraries, and steadypool's peers, on the dashboard's image.
make_versions() {
  local dashboard home=tests/versions
  local files=("$home/Dockerfile" "$home/contenders.py" "$home/peers.py")
  files+=(requirements/versions.txt requirements/peers.txt requirements/installer.txt)
  make_dashboard
  dashboard="$(docker image inspect --format '{{ .Id }}' "$DASHBOARD_IMAGE" | cut -c 8-19)"
  build_with "$dashboard$(content "${files[@]}")" "$VERSIONS_IMAGE" docker compose \
    --project-name recovery-lab-versions --file "$home/compose.yml" build --progress plain versions
}
