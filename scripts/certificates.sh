#!/usr/bin/env bash
# Makes an authority and the certificate of a server, for tls.toml; anew when they are about to end.
# usage: scripts/certificates.sh NAME
#    ie: scripts/certificates.sh postgres
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly KEPT=.secrets/tls DAYS=365 DAY_S=86400

good() {
  [ -s "$KEPT/server.key" ] && openssl x509 -noout -checkend "$DAY_S" -in "$KEPT/server.crt" >/dev/null
}

# make_in FOLDER NAME: the authority's key is not kept, so nobody else's server is ever vouched for.
make_in() {
  printf '%s\n' '[req]' 'distinguished_name = name' 'prompt = no' '[name]' "CN = $2" \
    '[authority]' 'basicConstraints = critical, CA:TRUE' 'keyUsage = critical, keyCertSign' \
    '[server]' "subjectAltName = DNS:$2" >"$1/conf"
  openssl req -config "$1/conf" -x509 -extensions authority -subj "/CN=recovery-lab" -days "$DAYS" \
    -newkey rsa:2048 -nodes -keyout "$1/ca.key" -out "$1/ca.crt"
  openssl req -config "$1/conf" -newkey rsa:2048 -nodes -keyout "$1/server.key" -out "$1/request"
  openssl x509 -req -in "$1/request" -CA "$1/ca.crt" -CAkey "$1/ca.key" -set_serial 1 -days "$DAYS" \
    -extfile "$1/conf" -extensions server -out "$1/server.crt"
}

main() {
  local fresh file
  have openssl || die "openssl is not there, which makes the certificates" "install it"
  bash scripts/secrets.sh
  ! good || return 0
  fresh="$(mktemp -d .secrets/tls.XXXXXX)"
  make_in "$fresh" "$1" >"$fresh/said" 2>&1 || die "openssl made no certificate: $(cat "$fresh/said")"
  # The folder above keeps others out; a file of mode 0600 would keep out the containers' users, too.
  mkdir -p "$KEPT"
  for file in ca.crt server.crt server.key; do
    chmod 0644 "$fresh/$file"
    mv "$fresh/$file" "$KEPT/$file"
  done
  rm -r "$fresh"
}

main "$@"
