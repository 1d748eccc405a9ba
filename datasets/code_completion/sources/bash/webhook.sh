#!/usr/bin/env bash
# Handles the webhooks of the chat bot: form-encoded bodies in, one line of text out. The web
# server passes the header fields as HTTP_* variables and the body on standard input.

declare -A FORM=() ROUTES=()

# respond STATUS TEXT
#
# Prints a response. Its status is 0 for a 2xx response, else 1.
respond() {
  printf 'Status: %s\n\n%s\n' "$1" "$2"
  [[ $1 == 2* ]]
}

# url_decode TEXT
#
# Sets REPLY to the text with "+" as a space and %XX as the byte with that number. A "%" that two
# hex digits do not follow stays as it is.
url_decode() {
  local rest=${1//+/ } byte
  REPLY=""
  while [[ $rest == *%* ]]; do
    REPLY+=${rest%%%*}
    rest=${rest#*%}
    if [[ $rest =~ ^[0-9A-Fa-f]{2} ]]; then
      printf -v byte '%b' "\\x${rest:0:2}"
      REPLY+=$byte
      rest=${rest:2}
    else
      REPLY+=%
    fi
  done
  REPLY+=$rest
}

# parse_form BODY
#
# Puts the fields of a form into FORM. If a field is there twice, the last one counts; one
# without "=" is empty, one without a name is left out.
parse_form() {
  local rest=$1 field name
  FORM=()
  while [[ -n $rest ]]; do
    field=${rest%%&*}
    rest=${rest:${#field}}
    rest=${rest#&}
    url_decode "${field%%=*}"
    name=$REPLY
    [[ -n $name ]] || continue
    if [[ $field == *=* ]]; then
      url_decode "${field#*=}"
    else
      REPLY=""
    fi
    FORM[$name]=$REPLY
  done
}

# require NAME...
#
# Prints the names of the fields that are missing or empty; the status is 1 if there are any.
require() {
  local name missing=""
  for name in "$@"; do
    if [[ -z ${FORM[$name]:-} ]]; then
      missing+="${missing:+, }$name"
    fi
  done
  if [[ -n $missing ]]; then
    echo "$missing"
    return 1
  fi
}

# same_token GIVEN EXPECTED
#
# Compares two tokens without telling by the time where they differ. An empty token is never
# the right one.
same_token() {
  local given=$1 expected=$2 difference=0 i left right
  if [[ -z $expected || ${#given} -ne ${#expected} ]]; then
    return 1
  fi
  for ((i = 0; i < ${#expected}; i++)); do
    printf -v left '%d' "'${given:i:1}"
    printf -v right '%d' "'${expected:i:1}"
    difference=$((difference | (left ^ right)))
  done
  ((difference == 0))
}

# on COMMAND FUNCTION [FIELD...]
#
# Has FUNCTION called for a command of the bot, if it comes with all of the fields.
on() {
  ROUTES[$1]="${*:2}"
}

# handle_request
#
# Answers one request: checks method, token and fields, then calls the command's function, whose
# output is the response. A function that fails makes it a 422.
handle_request() {
  local body function missing output
  local -a route
  if [[ ${HTTP_METHOD:-} != POST ]]; then
    respond "405 Method Not Allowed" "use POST" || return
  fi
  if ! same_token "${HTTP_TOKEN:-}" "${BOT_TOKEN:-}"; then
    respond "403 Forbidden" "wrong token" || return
  fi
  body=$(cat)
  parse_form "$body"
  read -r -a route <<<"${ROUTES[${FORM[command]:-none}]:-}"
  if ((${#route[@]} == 0)); then
    respond "404 Not Found" "unknown command: ${FORM[command]:-}" || return
  fi
  if ! missing=$(require "${route[@]:1}"); then
    respond "400 Bad Request" "missing: $missing" || return
  fi
  function=${route[0]}
  if output=$("$function"); then
    respond "200 OK" "$output"
  else
    respond "422 Unprocessable Entity" "$output"
  fi
}
