#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace csv {

/// A file that is not CSV, with the number of the line where it goes wrong.
class ParseError : public std::runtime_error {
 public:
  ParseError(const std::string& message, int line)
      : std::runtime_error("line " + std::to_string(line) + ": " + message) {}
};

using Row = std::vector<std::string>;

/// Splits CSV into rows of cells. Cells in double quotes may hold separators, line breaks and
/// doubled double quotes. Lines end with "\n" or "\r\n"; empty lines are left out.
class Parser {
 public:
  Parser(std::string_view text, char separator) : text_(text), separator_(separator) {}

  std::vector<Row> parse() {
    std::vector<Row> rows;
    while (position_ < text_.size()) {
      Row row = parse_row();
      if (row != Row{""}) {
        rows.push_back(row);
      }
    }
    return rows;
  }

 private:
  Row parse_row() {
    Row row;
    do {
      row.push_back(accept('"') ? parse_quoted() : parse_plain());
    } while (accept(separator_));
    accept('\r');
    if (!accept('\n') && position_ < text_.size()) {
      throw ParseError("text behind a quoted cell", line_);
    }
    ++line_;
    return row;
  }

  std::string parse_plain() {
    const char ends[] = {separator_, '\r', '\n', '\0'};
    const std::size_t end = std::min(text_.find_first_of(ends, position_), text_.size());
    const std::string_view cell = text_.substr(position_, end - position_);
    if (cell.find('"') != std::string_view::npos) {
      throw ParseError("a quote in a plain cell", line_);
    }
    position_ = end;
    return std::string(cell);
  }

  std::string parse_quoted() {
    const int first_line = line_;
    std::string cell;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '"' && !accept('"')) {
        return cell;
      }
      line_ += c == '\n' ? 1 : 0;
      cell += c;
    }
    throw ParseError("a quote is not closed", first_line);
  }

  bool accept(char expected) {
    if (position_ < text_.size() && text_[position_] == expected) {
      ++position_;
      return true;
    }
    return false;
  }

  std::string_view text_;
  char separator_;
  std::size_t position_ = 0;
  int line_ = 1;
};

/// Rows of data under a header with the names of the columns.
class Table {
 public:
  /// Reads a table; rows that are shorter than the header are filled up with empty cells.
  static Table parse(std::string_view text, char separator = ',') {
    Table table;
    std::vector<Row> rows = Parser(text, separator).parse();
    if (rows.empty()) {
      throw ParseError("there is no header", 1);
    }
    table.header_ = rows.front();
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
      if (row->size() > table.header_.size()) {
        throw std::invalid_argument("a row has more cells than the header");
      }
      row->resize(table.header_.size());
      table.rows_.push_back(*row);
    }
    return table;
  }

  std::size_t size() const { return rows_.size(); }

  const Row& header() const { return header_; }

  /// The cells of a column, from the first row to the last.
  std::vector<std::string> column(const std::string& name) const {
    const std::size_t index = index_of(name);
    std::vector<std::string> cells;
    for (const Row& row : rows_) {
      cells.push_back(row[index]);
    }
    return cells;
  }

  /// The first row that has a value in a column, as a map from the names of columns to cells.
  std::optional<std::map<std::string, std::string>> find(const std::string& name,
                                                         const std::string& value) const {
    const std::size_t index = index_of(name);
    const auto row = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& candidate) { return candidate[index] == value; });
    if (row == rows_.end()) {
      return std::nullopt;
    }
    std::map<std::string, std::string> cells;
    for (std::size_t i = 0; i < header_.size(); ++i) {
      cells[header_[i]] = (*row)[i];
    }
    return cells;
  }

  /// How many rows have each value in a column.
  std::map<std::string, int> count_by(const std::string& name) const {
    std::map<std::string, int> counts;
    for (const std::string& cell : column(name)) {
      ++counts[cell];
    }
    return counts;
  }

 private:
  std::size_t index_of(const std::string& name) const {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found == header_.end()) {
      throw std::out_of_range("there is no column " + name);
    }
    return static_cast<std::size_t>(found - header_.begin());
  }

  Row header_;
  std::vector<Row> rows_;
};

}  // namespace csv
