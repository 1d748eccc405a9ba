#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// A request that does not keep to HTTP, with the status to answer it with.
class BadRequest : public std::runtime_error {
 public:
  BadRequest(int status, const std::string& message)
      : std::runtime_error(message), status_(status) {}

  int status() const { return status_; }

 private:
  int status_;
};

constexpr std::size_t kMaxHeaders = 4;
constexpr std::size_t kMaxBody = 64;

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return "";
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Decodes "%41" to "A" and "+" to a space, as in the query of a URL.
std::string decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    int code = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const char* end = digits.data() + digits.size();
    if (digits.size() < 2 || std::from_chars(digits.data(), end, code, 16).ptr != end) {
      throw BadRequest(400, "wrong escape in the query");
    }
    decoded += static_cast<char>(code);
    i += 2;
  }
  return decoded;
}

/// The fields of a query such as "page=2&q=a+b"; a name that comes again has its last value.
std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> fields;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    const std::size_t equals = std::min(field.find('='), field.size());
    if (!field.empty()) {
      fields[decode(field.substr(0, equals))] =
          equals < field.size() ? decode(field.substr(equals + 1)) : "";
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return fields;
}

struct Request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // by name in lower case
  std::string body;

  /// The value of a header, in whatever letter case its name is.
  std::optional<std::string> header(std::string_view name) const {
    const auto found = headers.find(to_lower(name));
    return found == headers.end() ? std::nullopt : std::make_optional(found->second);
  }

  /// Whether the connection stays open for another request.
  bool keep_alive() const { return to_lower(header("Connection").value_or("")) != "close"; }
};

/// Reads requests out of data that arrives in pieces.
class RequestReader {
 public:
  void append(std::string_view data) { buffer_ += data; }

  /// The next request, or nothing until all of it has arrived.
  std::optional<Request> next() {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return std::nullopt;
    }
    std::string_view head = std::string_view(buffer_).substr(0, end);
    Request request = parse_request_line(take_line(head));
    while (!head.empty()) {
      add_header(request, take_line(head));
    }
    const std::size_t size = body_size(request);
    if (buffer_.size() < end + 4 + size) {
      return std::nullopt;
    }
    request.body = buffer_.substr(end + 4, size);
    buffer_.erase(0, end + 4 + size);
    return request;
  }

 private:
  static std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    return line;
  }

  static Request parse_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t second = line.rfind(' ');
    if (first == second) {
      throw BadRequest(400, "wrong request line");
    }
    if (line.substr(second + 1) != "HTTP/1.1") {
      throw BadRequest(505, "wrong version");
    }
    const std::string_view target = line.substr(first + 1, second - first - 1);
    const std::size_t mark = std::min(target.find('?'), target.size());
    Request request;
    request.method = line.substr(0, first);
    request.path = target.substr(0, mark);
    if (mark < target.size()) {
      request.query = parse_query(target.substr(mark + 1));
    }
    return request;
  }

  /// Adds a header; the values of a header that comes again are joined with commas.
  static void add_header(Request& request, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      throw BadRequest(400, "wrong header");
    }
    std::string& value = request.headers[to_lower(line.substr(0, colon))];
    value += (value.empty() ? "" : ", ") + std::string(trim(line.substr(colon + 1)));
    if (request.headers.size() > kMaxHeaders) {
      throw BadRequest(431, "too many headers");
    }
  }

  static std::size_t body_size(const Request& request) {
    const std::string text = request.header("Content-Length").value_or("0");
    std::size_t size = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, size).ptr != end || text.empty()) {
      throw BadRequest(400, "wrong content length");
    }
    if (size > kMaxBody) {
      throw BadRequest(413, "body too large");
    }
    return size;
  }

  std::string buffer_;
};

}  // namespace http
