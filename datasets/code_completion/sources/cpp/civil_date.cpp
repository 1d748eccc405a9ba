#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <cstdio>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace planning {

enum class Weekday { kMonday, kTuesday, kWednesday, kThursday, kFriday, kSaturday, kSunday };

/// A day of the Gregorian calendar.
struct Date {
  int year;
  int month;
  int day;

  auto operator<=>(const Date&) const = default;
};

constexpr std::array<int, 12> kDaysInMonth = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr int kDaysPerWeek = 7;

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
  return kDaysInMonth.at(month - 1) + (month == 2 && is_leap(year) ? 1 : 0);
}

/// Reads a date such as "2024-02-29"; nothing if there is no such day.
std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  std::array<int, 3> numbers{};
  constexpr std::array<std::pair<int, int>, 3> kFields = {{{0, 4}, {5, 2}, {8, 2}}};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string_view field = text.substr(kFields[i].first, kFields[i].second);
    const char* end = field.data() + field.size();
    if (std::from_chars(field.data(), end, numbers[i]).ptr != end || numbers[i] < 1) {
      return std::nullopt;
    }
  }
  const auto [year, month, day] = numbers;
  if (month > 12 || day > days_in_month(year, month)) {
    return std::nullopt;
  }
  return Date{year, month, day};
}

std::string to_string(const Date& date) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
  return text;
}

/// The number of days since 0000-03-01; a year is taken to start in March, so that the leap day is
/// its last one.
int day_number(const Date& date) {
  const int year = date.month > 2 ? date.year : date.year - 1;
  const int month = (date.month + 9) % 12;
  const int before_month = (month * 153 + 2) / 5;
  return year * 365 + year / 4 - year / 100 + year / 400 + before_month + date.day - 1;
}

/// The day that is some days later, or earlier if the number is negative.
Date add_days(Date date, int days) {
  date.day += days;
  while (date.day < 1) {
    date.month = date.month == 1 ? 12 : date.month - 1;
    date.year -= date.month == 12 ? 1 : 0;
    date.day += days_in_month(date.year, date.month);
  }
  while (date.day > days_in_month(date.year, date.month)) {
    date.day -= days_in_month(date.year, date.month);
    date.month = date.month == 12 ? 1 : date.month + 1;
    date.year += date.month == 1 ? 1 : 0;
  }
  return date;
}

/// The same day of another month, or its last day if it is shorter.
Date add_months(const Date& date, int months) {
  const int total = date.year * 12 + date.month - 1 + months;
  const int year = total / 12;
  const int month = total % 12 + 1;
  return {year, month, std::min(date.day, days_in_month(year, month))};
}

int days_between(const Date& from, const Date& to) { return day_number(to) - day_number(from); }

Weekday weekday_of(const Date& date) {
  const Date monday{2024, 1, 1};
  const int days = days_between(monday, date) % kDaysPerWeek;
  return static_cast<Weekday>((days + kDaysPerWeek) % kDaysPerWeek);
}

bool is_working_day(const Date& date, const std::set<Date>& holidays) {
  return weekday_of(date) < Weekday::kSaturday && holidays.count(date) == 0;
}

/// The day on which a task of some working days is done that starts on a date.
Date due_date(const Date& start, int working_days, const std::set<Date>& holidays) {
  if (working_days < 1) {
    throw std::invalid_argument("a task takes at least one day");
  }
  Date day = start;
  int left = working_days - (is_working_day(day, holidays) ? 1 : 0);
  while (left > 0) {
    day = add_days(day, 1);
    left -= is_working_day(day, holidays) ? 1 : 0;
  }
  return day;
}

/// The dates of a meeting every few weeks, up to and including the last day.
std::vector<Date> every_weeks(const Date& first, int weeks, const Date& last) {
  std::vector<Date> dates;
  for (Date date = first; date <= last; date = add_days(date, weeks * kDaysPerWeek)) {
    dates.push_back(date);
  }
  return dates;
}

}  // namespace planning
