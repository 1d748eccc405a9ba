#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace diff {

using Lines = std::vector<std::string>;

/// What becomes of a line: it is in both texts, only in the old one, or only in the new one.
enum class Kind : char { kSame = ' ', kRemoved = '-', kAdded = '+' };

struct Edit {
  Kind kind;
  std::string line;
};

Lines split_lines(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// The lengths of the longest common subsequences; [i][j] is for the lines from i and j on.
std::vector<std::vector<std::size_t>> common_lengths(const Lines& before, const Lines& after) {
  std::vector<std::vector<std::size_t>> lengths(before.size() + 1,
                                                std::vector<std::size_t>(after.size() + 1));
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      lengths[i][j] = before[i] == after[j] ? lengths[i + 1][j + 1] + 1
                                            : std::max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/// The shortest list of edits that makes one text of another; removed lines come before added ones.
std::vector<Edit> compare(const Lines& before, const Lines& after) {
  const auto lengths = common_lengths(before, after);
  std::vector<Edit> edits;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      edits.push_back({Kind::kSame, before[i++]});
      ++j;
    } else if (j == after.size() || (i < before.size() && lengths[i + 1][j] >= lengths[i][j + 1])) {
      edits.push_back({Kind::kRemoved, before[i++]});
    } else {
      edits.push_back({Kind::kAdded, after[j++]});
    }
  }
  return edits;
}

/// Part of a diff: the edits from one position up to another, not included.
struct Hunk {
  std::size_t first;
  std::size_t last;
};

/// Finds the parts with changes, with up to `context` unchanged lines around them. Parts that touch
/// or overlap are one.
std::vector<Hunk> find_hunks(const std::vector<Edit>& edits, std::size_t context) {
  std::vector<Hunk> hunks;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind == Kind::kSame) {
      continue;
    }
    const std::size_t first = i - std::min(i, context);
    const std::size_t last = std::min(i + 1 + context, edits.size());
    if (!hunks.empty() && first <= hunks.back().last) {
      hunks.back().last = last;
    } else {
      hunks.push_back({first, last});
    }
  }
  return hunks;
}

/// Numbers as they stand in the header of a hunk; the count is left out if it is 1.
std::string range_text(std::size_t lines_above, std::size_t count) {
  const std::size_t start = count == 0 ? lines_above : lines_above + 1;
  return std::to_string(start) + (count == 1 ? "" : "," + std::to_string(count));
}

/// The difference between two texts in the unified format, without the names of files.
std::string unified(const std::string& before, const std::string& after, std::size_t context = 3) {
  const std::vector<Edit> edits = compare(split_lines(before), split_lines(after));
  auto count = [&edits](std::size_t first, std::size_t last, Kind other) {
    return static_cast<std::size_t>(
        std::count_if(edits.begin() + first, edits.begin() + last,
                      [other](const Edit& edit) { return edit.kind != other; }));
  };
  std::string text;
  for (const Hunk& hunk : find_hunks(edits, context)) {
    const std::size_t old_above = count(0, hunk.first, Kind::kAdded);
    const std::size_t new_above = count(0, hunk.first, Kind::kRemoved);
    text += "@@ -" + range_text(old_above, count(hunk.first, hunk.last, Kind::kAdded));
    text += " +" + range_text(new_above, count(hunk.first, hunk.last, Kind::kRemoved)) + " @@\n";
    for (std::size_t i = hunk.first; i < hunk.last; ++i) {
      text += static_cast<char>(edits[i].kind) + edits[i].line + "\n";
    }
  }
  return text;
}

/// How similar two texts are: the share of their lines that both have, from 0 to 1.
double similarity(const std::string& before, const std::string& after) {
  const Lines old_lines = split_lines(before);
  const Lines new_lines = split_lines(after);
  const std::size_t total = old_lines.size() + new_lines.size();
  if (total == 0) {
    return 1;
  }
  return 2.0 * common_lengths(old_lines, new_lines)[0][0] / total;
}

}  // namespace diff
