#!/usr/bin/env bash
# Bookkeeping for the team budget. Amounts are whole cents, since Bash has no decimals.
#
# A ledger has a line for each booking, "DATE ACCOUNT AMOUNT TEXT":
#
#   2024-03-05 hosting -129.90 Servers in March

# to_cents AMOUNT
#
# Prints an amount such as "-12.5", "1,299.00" or "7" in cents; the status is 1 if it is not one.
to_cents() {
  local sign="" whole fraction
  [[ $1 =~ ^(-?)([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.([0-9]{1,2}))?$ ]] || return 1
  sign=${BASH_REMATCH[1]}
  whole=${BASH_REMATCH[2]//,/}
  fraction=${BASH_REMATCH[5]}00
  echo "$((${sign}1 * (10#$whole * 100 + 10#${fraction:0:2})))"
}

# from_cents CENTS
#
# Prints cents as an amount with two decimals and commas between thousands.
from_cents() {
  local cents=$1 sign="" whole grouped=""
  if ((cents < 0)); then
    sign=-
    cents=$((-cents))
  fi
  whole=$((cents / 100))
  while ((whole >= 1000)); do
    grouped=$(printf ',%03d' "$((whole % 1000))")$grouped
    whole=$((whole / 1000))
  done
  printf '%s%d%s.%02d\n' "$sign" "$whole" "$grouped" "$((cents % 100))"
}

# share CENTS PERCENT
#
# Prints PERCENT of an amount, rounded half away from zero.
share() {
  local product=$(($1 * $2)) half=50
  if ((product < 0)); then
    half=-50
  fi
  echo "$(((product + half) / 100))"
}

# bookings ACCOUNT
#
# Reads a ledger and prints the date and the cents of each booking of an account. Comments and
# empty lines are skipped. A line that cannot be read ends it with the status 1.
bookings() {
  local date account amount text cents number=0
  while read -r date account amount text; do
    number=$((number + 1))
    if [[ -z $date || $date == \#* ]]; then
      continue
    fi
    if [[ -z $text ]] || ! cents=$(to_cents "$amount"); then
      echo "line $number: not a booking" >&2
      return 1
    fi
    if [[ $account == "$1" ]]; then
      echo "$date $cents"
    fi
  done
}

# balance ACCOUNT
#
# Reads a ledger and prints the sum of an account as an amount.
balance() {
  local lines date cents sum=0
  lines=$(bookings "$1") || return
  while read -r date cents; do
    sum=$((sum + cents))
  done <<<"$lines"
  from_cents "$sum"
}

# accounts
#
# Reads a ledger and prints its accounts in alphabetical order.
accounts() {
  awk 'NF && !/^#/ { print $2 }' | LC_ALL=C sort -u
}

# monthly ACCOUNT
#
# Reads a ledger and prints for each month with bookings of an account the sum of that month and
# the total so far.
monthly() {
  local date cents month current="" sum=0 total=0
  while read -r date cents; do
    month=${date:0:7}
    if [[ -n $current && $month != "$current" ]]; then
      echo "$current $(from_cents "$sum") $(from_cents "$total")"
      sum=0
    fi
    current=$month
    sum=$((sum + cents))
    total=$((total + cents))
  done < <(bookings "$1" | LC_ALL=C sort)
  if [[ -n $current ]]; then
    echo "$current $(from_cents "$sum") $(from_cents "$total")"
  fi
}

# report FILE
#
# Prints the balance of every account of a ledger, aligned, and the sum of all of them.
report() {
  local account amount total=0
  for account in $(accounts <"$1"); do
    amount=$(balance "$account" <"$1") || return
    printf '%-12s %12s\n' "$account" "$amount"
    total=$((total + $(to_cents "$amount")))
  done
  printf '%-12s %12s\n' total "$(from_cents "$total")"
}
