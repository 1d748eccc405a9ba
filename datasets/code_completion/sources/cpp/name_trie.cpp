#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace search {

/// The names of users and groups, for suggestions while somebody types.
class NameTrie {
 public:
  /// Counts a use of a name, and adds it if it is new.
  void add(std::string_view name, int uses = 1) {
    Node* node = &root_;
    for (char c : name) {
      std::unique_ptr<Node>& child = node->children[c];
      if (child == nullptr) {
        child = std::make_unique<Node>();
      }
      node = child.get();
    }
    size_ += node->uses == 0 ? 1 : 0;
    node->uses += uses;
  }

  /// Takes a name out, with all that only it needs; false if it is not there.
  bool remove(std::string_view name) {
    if (uses(name) == 0) {
      return false;
    }
    prune(root_, name);
    --size_;
    return true;
  }

  std::size_t size() const { return size_; }

  /// How often a name was used; 0 if it is not there.
  int uses(std::string_view name) const {
    const Node* node = find(name);
    return node == nullptr ? 0 : node->uses;
  }

  /// How many names start with a text.
  std::size_t count(std::string_view prefix) const { return names(prefix).size(); }

  /// The names that start with a text, the most used first, then in alphabetical order.
  std::vector<std::string> suggest(std::string_view prefix, std::size_t limit) const {
    std::vector<Entry> found = names(prefix);
    std::stable_sort(found.begin(), found.end(),
                     [](const Entry& a, const Entry& b) { return a.second > b.second; });
    std::vector<std::string> result;
    for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
      result.push_back(found[i].first);
    }
    return result;
  }

  /// The longest text that all names starting with `prefix` start with; "" if there are none.
  std::string complete(std::string_view prefix) const {
    const Node* node = find(prefix);
    if (node == nullptr) {
      return "";
    }
    std::string text(prefix);
    while (node->uses == 0 && node->children.size() == 1) {
      const auto& [letter, child] = *node->children.begin();
      text += letter;
      node = child.get();
    }
    return text;
  }

  /// The longest name that a text starts with; "" if there is none.
  std::string longest_prefix_of(std::string_view text) const {
    const Node* node = &root_;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto child = node->children.find(text[i]);
      if (child == node->children.end()) {
        break;
      }
      node = child->second.get();
      if (node->uses > 0) {
        longest = i + 1;
      }
    }
    return std::string(text.substr(0, longest));
  }

  /// How many nodes there are below the root.
  std::size_t node_count() const { return count_nodes(root_) - 1; }

 private:
  struct Node {
    std::map<char, std::unique_ptr<Node>> children;
    int uses = 0;
  };
  using Entry = std::pair<std::string, int>;

  const Node* find(std::string_view text) const {
    const Node* node = &root_;
    for (char c : text) {
      const auto child = node->children.find(c);
      if (child == node->children.end()) {
        return nullptr;
      }
      node = child->second.get();
    }
    return node;
  }

  std::vector<Entry> names(std::string_view prefix) const {
    std::vector<Entry> found;
    if (const Node* node = find(prefix)) {
      collect(*node, std::string(prefix), found);
    }
    return found;
  }

  static void collect(const Node& node, const std::string& text, std::vector<Entry>& found) {
    if (node.uses > 0) {
      found.emplace_back(text, node.uses);
    }
    for (const auto& [letter, child] : node.children) {
      collect(*child, text + letter, found);
    }
  }

  static std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const auto& [letter, child] : node.children) {
      count += count_nodes(*child);
    }
    return count;
  }

  /// Takes a name out below a node; returns whether the node is not needed any more.
  static bool prune(Node& node, std::string_view name) {
    if (name.empty()) {
      node.uses = 0;
    } else if (prune(*node.children[name.front()], name.substr(1))) {
      node.children.erase(name.front());
    }
    return node.uses == 0 && node.children.empty();
  }

  Node root_;
  std::size_t size_ = 0;
};

}  // namespace search
