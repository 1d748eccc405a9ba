#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace config {

/// A setting that is missing or cannot be used; the message starts with its path.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& path, const std::string& problem)
      : std::runtime_error(path + ": " + problem) {}
};

/// Settings in sections, which may hold further sections. Paths have dots: "cache.redis.port".
class Tree {
 public:
  /// Reads lines of the form "path = value"; "#" starts a comment, and empty lines do not matter.
  static Tree parse(const std::string& text) {
    Tree tree;
    std::istringstream in(text);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      line = trim(line.substr(0, line.find('#')));
      if (line.empty()) {
        continue;
      }
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos) {
        throw ConfigError("line " + std::to_string(number), "there is no '='");
      }
      tree.set(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
    }
    return tree;
  }

  /// Sets a value and makes the sections on the way to it.
  void set(const std::string& path, const std::string& value) {
    Node* node = &root_;
    for (const std::string& name : split(path)) {
      if (name.empty()) {
        throw ConfigError(path, "a name is empty");
      }
      if (node->value) {
        throw ConfigError(path, "there is a value above it");
      }
      node = &node->children[name];
    }
    if (!node->children.empty()) {
      throw ConfigError(path, "it is a section");
    }
    node->value = value;
  }

  /// The value at a path, unless there is none or it is a section.
  std::optional<std::string> get(const std::string& path) const {
    const Node* node = find(path);
    return node == nullptr ? std::nullopt : node->value;
  }

  /// A value that has to be there.
  std::string require(const std::string& path) const {
    const std::optional<std::string> value = get(path);
    if (!value) {
      throw ConfigError(path, "it is missing");
    }
    return *value;
  }

  /// A whole number, or the fallback if there is no value.
  long get_number(const std::string& path, long fallback) const {
    const std::optional<std::string> value = get(path);
    if (!value) {
      return fallback;
    }
    long number = 0;
    const char* end = value->data() + value->size();
    const auto [last, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || last != end) {
      throw ConfigError(path, "'" + *value + "' is not a number");
    }
    return number;
  }

  /// A switch, written as yes or no, or the fallback if there is no value.
  bool get_switch(const std::string& path, bool fallback) const {
    const std::string value = get(path).value_or(fallback ? "yes" : "no");
    if (value != "yes" && value != "no") {
      throw ConfigError(path, "'" + value + "' is neither yes nor no");
    }
    return value == "yes";
  }

  /// The names in a section, in alphabetical order.
  std::vector<std::string> names(const std::string& path) const {
    std::vector<std::string> result;
    if (const Node* node = find(path)) {
      for (const auto& [name, child] : node->children) {
        result.push_back(name);
      }
    }
    return result;
  }

  /// Takes over all values of another tree, in place of those that are there.
  void merge(const Tree& other) {
    for (const auto& [path, value] : other.flatten()) {
      set(path, value);
    }
  }

  /// All values by their paths.
  std::map<std::string, std::string> flatten() const {
    std::map<std::string, std::string> values;
    collect(root_, "", values);
    return values;
  }

 private:
  struct Node {
    std::optional<std::string> value;
    std::map<std::string, Node> children;
  };

  static std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> names;
    std::size_t start = 0;
    while (true) {
      const std::size_t dot = path.find('.', start);
      names.push_back(path.substr(start, dot - start));
      if (dot == std::string::npos) {
        return names;
      }
      start = dot + 1;
    }
  }

  static std::string trim(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
      text.remove_prefix(1);
    }
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
      text.remove_suffix(1);
    }
    return std::string(text);
  }

  const Node* find(const std::string& path) const {
    const Node* node = &root_;
    for (const std::string& name : split(path)) {
      const auto child = node->children.find(name);
      if (child == node->children.end()) {
        return nullptr;
      }
      node = &child->second;
    }
    return node;
  }

  static void collect(const Node& node, const std::string& path,
                      std::map<std::string, std::string>& values) {
    if (node.value) {
      values[path] = *node.value;
    }
    for (const auto& [name, child] : node.children) {
      collect(child, path.empty() ? name : path + "." + name, values);
    }
  }

  Node root_;
};

}  // namespace config
