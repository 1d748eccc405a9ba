#!/usr/bin/env bash
# Reports on the access log of the web front end. A line of the log is
#
#   CLIENT [TIME] "METHOD TARGET VERSION" STATUS BYTES MILLISECONDS
#
# for instance: 10.0.0.7 [2024-03-05T10:12:44Z] "GET /api/issues?page=2 HTTP/1.1" 200 5120 38

SLOW_MS=1000

# access_records
#
# Turns log lines into tab-separated records: client, hour, method, path, status, bytes and
# milliseconds. The path has no query, and numbers in it become ":id". What is not a log line is
# left out.
access_records() {
  awk '
    BEGIN { OFS = "\t" }
    /^[^ ]+ \[[^]]+\] "[A-Z]+ [^ ]+ [^ ]+" [1-5][0-9][0-9] [0-9]+ [0-9]+$/ {
      hour = substr($2, 2, 13)
      path = $4
      sub(/\?.*/, "", path)
      while (match(path, /\/[0-9]+(\/|$)/)) {
        rest = substr(path, RSTART + 1)
        sub(/^[0-9]+/, "", rest)
        path = substr(path, 1, RSTART) ":id" rest
      }
      print $1, hour, substr($3, 2), path, $6, $7, $8
    }
  '
}

# top_paths COUNT
#
# Reads a log and prints the paths with the most requests and their numbers, the busiest first;
# paths with the same number are in alphabetical order.
top_paths() {
  access_records | cut -f 4 | LC_ALL=C sort | uniq -c |
    LC_ALL=C sort -k 1,1nr -k 2 | head -n "$1" |
    awk '{ print $1, $2 }'
}

# status_classes
#
# Reads a log and prints the number of requests for each class of status that occurs.
status_classes() {
  access_records | awk -F '\t' '
    { count[substr($5, 1, 1)]++ }
    END {
      for (class = 1; class <= 5; class++) {
        if (class in count) print class "xx " count[class]
      }
    }
  '
}

# percentile P
#
# Reads numbers, one a line, and prints the smallest one that at least P percent of them do not
# exceed. Without numbers it prints "-".
percentile() {
  sort -n | awk -v p="$1" '
    NF { value[++n] = $1 }
    END {
      if (n == 0) {
        print "-"
        exit
      }
      rank = int(n * p / 100)
      if (rank < n * p / 100 || rank == 0) rank++
      print value[rank]
    }
  '
}

# latency
#
# Reads a log and prints the median and the 95th percentile of the time that requests took.
latency() {
  local times
  times=$(access_records | cut -f 7)
  echo "p50 $(percentile 50 <<<"$times") p95 $(percentile 95 <<<"$times")"
}

# slow_requests
#
# Reads a log and prints the requests that took at least SLOW_MS, the slowest first.
slow_requests() {
  access_records | awk -F '\t' -v slow="$SLOW_MS" '
    $7 >= slow { printf "%d %s %s\n", $7, $3, $4 }
  ' | LC_ALL=C sort -k 1,1nr -k 2
}

# error_rates PERCENT
#
# Reads a log and prints the hours in which more than PERCENT of the requests had a 5xx status,
# with their share in percent, to one decimal.
error_rates() {
  access_records | awk -F '\t' -v limit="$1" '
    {
      total[$2]++
      if ($5 >= 500) errors[$2]++
    }
    END {
      for (hour in total) {
        share = 100 * errors[hour] / total[hour]
        if (share > limit) printf "%s %.1f%%\n", hour, share
      }
    }
  ' | LC_ALL=C sort
}

# heavy_clients BYTES
#
# Reads a log and prints the clients that got more than BYTES in all, with the sum.
heavy_clients() {
  access_records | awk -F '\t' -v limit="$1" '
    { sum[$1] += $6 }
    END {
      for (client in sum) {
        if (sum[client] > limit) print client, sum[client]
      }
    }
  ' | LC_ALL=C sort
}
