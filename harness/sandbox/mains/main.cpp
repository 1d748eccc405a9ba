// What is put after a C++ program to evaluate its cases: each value is written as JSON on the descriptor argv[1].
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <iomanip>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace harness_report {
inline std::string text(std::string_view value) {
  std::ostringstream out;
  out << '"';
  for (unsigned char c : value) {
    if (c == '"' || c == '\\') out << '\\' << c;
    else if (c < 0x20) out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << int(c) << std::dec;
    else out << c;
  }
  out << '"';
  return out.str();
}
template <class T> std::string json(const T &value);
template <class T> struct is_pair : std::false_type {};
template <class A, class B> struct is_pair<std::pair<A, B>> : std::true_type {};
template <class T> struct is_tuple : std::false_type {};
template <class... A> struct is_tuple<std::tuple<A...>> : std::true_type {};
template <class T> struct is_optional : std::false_type {};
template <class A> struct is_optional<std::optional<A>> : std::true_type {};
template <class T, class = void> struct is_map : std::false_type {};
template <class T> struct is_map<T, std::void_t<typename T::mapped_type>> : std::true_type {};

template <class T> std::string json(const T &value) {
  if constexpr (std::is_same_v<T, bool>) return value ? "true" : "false";
  else if constexpr (std::is_same_v<T, char>) return text(std::string(1, value));
  else if constexpr (std::is_integral_v<T>) return std::to_string(value);
  else if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::isnan(value) ? "{\"float\": \"nan\"}" : value > 0 ? "{\"float\": \"inf\"}" : "{\"float\": \"-inf\"}";
    std::ostringstream out;
    out << std::setprecision(17) << value;
    return out.str();
  } else if constexpr (std::is_convertible_v<T, std::string_view>) return text(value);
  else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) return "null";
  else if constexpr (is_optional<T>::value) return value ? json(*value) : "null";
  else if constexpr (is_pair<T>::value) return "[" + json(value.first) + ", " + json(value.second) + "]";
  else if constexpr (is_tuple<T>::value) {
    std::string out;
    std::apply([&](const auto &...item) { ((out += (out.empty() ? "" : ", ") + json(item)), ...); }, value);
    return "[" + out + "]";
  } else if constexpr (is_map<T>::value) {
    std::string out;
    for (const auto &[key, item] : value) out += (out.empty() ? "" : ", ") + (std::is_arithmetic_v<std::decay_t<decltype(key)>> ? text(json(key)) : json(key)) + ": " + json(item);
    return "{" + out + "}";
  } else {
    std::string out;
    for (const auto &item : value) out += (out.empty() ? "" : ", ") + json(std::decay_t<decltype(item)>(item));
    return "[" + out + "]";
  }
}
inline int descriptor;
inline void line(const std::string &event) {
  std::string data = event + "\n";
  for (size_t done = 0; done < data.size();) {
    ssize_t count = write(descriptor, data.data() + done, data.size() - done);
    if (count <= 0) return;
    done += size_t(count);
  }
}
inline std::string name_of(const std::type_info &type) {
  int status = 0;
  std::unique_ptr<char, void (*)(void *)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : type.name();
}
template <class Case> void step(int number, Case evaluate) {
  std::string head = "{\"step\": " + std::to_string(number);
  try {
    line(head + ", \"value\": " + evaluate() + "}");
  } catch (const std::bad_alloc &) {
    line(head + ", \"raised\": \"MemoryError\", \"message\": \"\"}");
  } catch (const std::exception &error) {
    line(head + ", \"raised\": " + text(name_of(typeid(error))) + ", \"message\": " + text(error.what()) + "}");
  } catch (...) {
    line(head + ", \"raised\": \"unknown\", \"message\": \"\"}");
  }
}
template <class T> std::string value(T &&result) { return json(std::decay_t<T>(std::forward<T>(result))); }
} // namespace harness_report

int main(int, char **arguments) {
  harness_report::descriptor = std::atoi(arguments[1]);
  harness_report::line("{\"loaded\": true}");
/*CASES*/
  std::_Exit(0);
}
