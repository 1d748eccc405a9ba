#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metrics {

/// A formula that cannot be read or computed.
class FormulaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Values = std::map<std::string, double>;

/// A part of a formula.
class Node {
 public:
  virtual ~Node() = default;
  virtual double evaluate(const Values& values) const = 0;
  virtual void collect_names(std::set<std::string>& names) const = 0;
};

class Number : public Node {
 public:
  explicit Number(double value) : value_(value) {}
  double evaluate(const Values&) const override { return value_; }
  void collect_names(std::set<std::string>&) const override {}

 private:
  double value_;
};

class Variable : public Node {
 public:
  explicit Variable(std::string name) : name_(std::move(name)) {}

  double evaluate(const Values& values) const override {
    const auto found = values.find(name_);
    if (found == values.end()) {
      throw FormulaError("no value for " + name_);
    }
    return found->second;
  }

  void collect_names(std::set<std::string>& names) const override { names.insert(name_); }

 private:
  std::string name_;
};

/// An operator or a function with its operands.
class Operation : public Node {
 public:
  using Function = std::function<double(const std::vector<double>&)>;

  Operation(Function function, std::vector<std::unique_ptr<Node>> operands)
      : function_(std::move(function)), operands_(std::move(operands)) {}

  double evaluate(const Values& values) const override {
    std::vector<double> results;
    for (const auto& operand : operands_) {
      results.push_back(operand->evaluate(values));
    }
    return function_(results);
  }

  void collect_names(std::set<std::string>& names) const override {
    for (const auto& operand : operands_) {
      operand->collect_names(names);
    }
  }

 private:
  Function function_;
  std::vector<std::unique_ptr<Node>> operands_;
};

using Arguments = std::vector<double>;

double divide(const Arguments& x) {
  if (x[1] == 0) {
    throw FormulaError("division by zero");
  }
  return x[0] / x[1];
}

const std::map<char, Operation::Function> kOperators = {
    {'+', [](const Arguments& x) { return x[0] + x[1]; }},
    {'-', [](const Arguments& x) { return x[0] - x[1]; }},
    {'*', [](const Arguments& x) { return x[0] * x[1]; }},
    {'/', divide},
};

const std::map<std::string, std::pair<std::size_t, Operation::Function>> kFunctions = {
    {"min", {2, [](const Arguments& x) { return std::min(x[0], x[1]); }}},
    {"max", {2, [](const Arguments& x) { return std::max(x[0], x[1]); }}},
    {"abs", {1, [](const Arguments& x) { return std::abs(x[0]); }}},
    {"clamp", {3, [](const Arguments& x) { return std::min(std::max(x[0], x[1]), x[2]); }}},
};

/// Reads formulas such as "100 * passed / max(total, 1)".
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::unique_ptr<Node> parse() {
    auto node = parse_sum();
    if (peek() != '\0') {
      fail("unexpected text");
    }
    return node;
  }

 private:
  std::unique_ptr<Node> parse_sum() {
    return parse_chain("+-", [this] { return parse_product(); });
  }

  std::unique_ptr<Node> parse_product() {
    return parse_chain("*/", [this] { return parse_unary(); });
  }

  /// Operands with operators of the same rank between them, taken from the left.
  std::unique_ptr<Node> parse_chain(std::string_view operators,
                                    const std::function<std::unique_ptr<Node>()>& parse_operand) {
    auto left = parse_operand();
    while (operators.find(peek()) != std::string_view::npos) {
      const char symbol = text_[position_++];
      left = make(kOperators.at(symbol), std::move(left), parse_operand());
    }
    return left;
  }

  std::unique_ptr<Node> parse_unary() {
    if (accept('-')) {
      return make(kOperators.at('-'), std::make_unique<Number>(0), parse_unary());
    }
    if (accept('(')) {
      auto inner = parse_sum();
      expect(')');
      return inner;
    }
    return std::isdigit(static_cast<unsigned char>(peek())) ? parse_number() : parse_name();
  }

  std::unique_ptr<Node> parse_number() {
    double value = 0;
    const char* begin = text_.data() + position_;
    const auto result = std::from_chars(begin, text_.data() + text_.size(), value);
    position_ += result.ptr - begin;
    return std::make_unique<Number>(value);
  }

  std::unique_ptr<Node> parse_name() {
    peek();
    const std::size_t start = position_;
    while (position_ < text_.size() && is_letter(text_[position_])) {
      ++position_;
    }
    const std::string name(text_.substr(start, position_ - start));
    if (name.empty()) {
      fail("a value is missing");
    }
    return accept('(') ? parse_call(name) : std::make_unique<Variable>(name);
  }

  std::unique_ptr<Node> parse_call(const std::string& name) {
    const auto function = kFunctions.find(name);
    if (function == kFunctions.end()) {
      fail("unknown function " + name);
    }
    std::vector<std::unique_ptr<Node>> arguments;
    do {
      arguments.push_back(parse_sum());
    } while (accept(','));
    expect(')');
    const auto& [count, implementation] = function->second;
    if (arguments.size() != count) {
      fail(name + " takes " + std::to_string(count) + " values");
    }
    return std::make_unique<Operation>(implementation, std::move(arguments));
  }

  static bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }

  static std::unique_ptr<Node> make(Operation::Function function, std::unique_ptr<Node> left,
                                    std::unique_ptr<Node> right) {
    std::vector<std::unique_ptr<Node>> operands;
    operands.push_back(std::move(left));
    operands.push_back(std::move(right));
    return std::make_unique<Operation>(std::move(function), std::move(operands));
  }

  /// The next character that is not a space; '\0' at the end.
  char peek() {
    position_ = std::min(text_.find_first_not_of(' ', position_), text_.size());
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool accept(char symbol) {
    const bool found = peek() == symbol;
    position_ += found ? 1 : 0;
    return found;
  }

  void expect(char symbol) {
    if (!accept(symbol)) {
      fail(std::string("expected ") + symbol);
    }
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw FormulaError(problem + " at " + std::to_string(position_));
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

double evaluate(std::string_view formula, const Values& values) {
  return Parser(formula).parse()->evaluate(values);
}

/// The names of the values that a formula needs.
std::set<std::string> names_in(std::string_view formula) {
  std::set<std::string> names;
  Parser(formula).parse()->collect_names(names);
  return names;
}

}  // namespace metrics
