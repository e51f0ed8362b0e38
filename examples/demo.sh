#!/usr/bin/env bash
# The main job on the documents in examples/: typed records out of texts, with the model that comes with the package.
# `make demo` runs it; BIN is the folder of the environment's programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
case "${BIN:-}" in
    "") bin="" ;;
    /*) bin="$BIN/" ;;
    *) bin="$(cd ../"$BIN" && pwd)/" ;;
esac
out=../out
mkdir -p "$out"

extract() {
    local schema="$1" name="$2"
    printf '\n$ controlgen extract %s documents/%s -o out/%s.jsonl\n' "$schema" "$name" "$name"
    "${bin}controlgen" extract "$schema" "documents/$name" -o "$out/$name.jsonl" --overwrite --progress
    "${bin}python" show_records.py "$out/$name.jsonl"
}

extract bill.schema.json bills
extract models:Issue issues
extract models:Contact contacts
extract models:Appointment appointments
