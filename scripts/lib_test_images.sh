# shellcheck shell=bash
# Makes the images that the tests alone need: `make verify` asks for them, `make up` does not.
# Sourced by images.sh, which knows Python's image.

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
