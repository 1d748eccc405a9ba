#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace worker {

/// A priority queue of jobs whose priorities may change while they wait.
///
/// The job with the highest priority comes first; of jobs with the same priority, the one that was
/// added first. The queue is a binary heap: the parent of the entry at i is the one at (i - 1) / 2.
class JobHeap {
 public:
  std::size_t size() const { return entries_.size(); }

  bool empty() const { return entries_.empty(); }

  bool contains(const std::string& id) const { return places_.count(id) != 0; }

  /// Adds a job; throws std::invalid_argument if it is waiting already.
  void push(const std::string& id, int priority) {
    if (contains(id)) {
      throw std::invalid_argument("job " + id + " is waiting already");
    }
    entries_.push_back({id, priority, next_order_++});
    places_[id] = entries_.size() - 1;
    sift_up(entries_.size() - 1);
  }

  /// The job that comes first, if there is any.
  std::optional<std::string> peek() const {
    if (empty()) {
      return std::nullopt;
    }
    return entries_.front().id;
  }

  /// Takes the job that comes first out of the queue.
  std::optional<std::string> pop() {
    std::optional<std::string> first = peek();
    if (first) {
      remove_at(0);
    }
    return first;
  }

  /// Takes any job out of the queue; false if it is not waiting.
  bool remove(const std::string& id) {
    const auto place = places_.find(id);
    if (place == places_.end()) {
      return false;
    }
    remove_at(place->second);
    return true;
  }

  /// Gives a waiting job another priority; throws std::out_of_range if it is not waiting.
  void update(const std::string& id, int priority) {
    const std::size_t index = places_.at(id);
    entries_[index].priority = priority;
    sift_down(sift_up(index));
  }

  /// Raises the priority of all jobs that have less than `priority` to it.
  void raise_all(int priority) {
    std::vector<std::string> low;
    for (const Entry& entry : entries_) {
      if (entry.priority < priority) {
        low.push_back(entry.id);
      }
    }
    for (const std::string& id : low) {
      update(id, priority);
    }
  }

  /// Takes up to `limit` jobs, in their order.
  std::vector<std::string> take(std::size_t limit) {
    std::vector<std::string> taken;
    while (taken.size() < limit && !empty()) {
      taken.push_back(*pop());
    }
    return taken;
  }

  /// Whether every entry comes after its parent and is found at its place.
  bool is_consistent() const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (places_.at(entries_[i].id) != i || comes_before(i, parent_of(i))) {
        return false;
      }
    }
    return places_.size() == entries_.size();
  }

 private:
  struct Entry {
    std::string id;
    int priority;
    unsigned long order;
  };

  static std::size_t parent_of(std::size_t index) { return index == 0 ? 0 : (index - 1) / 2; }

  bool comes_before(std::size_t a, std::size_t b) const {
    const Entry& left = entries_[a];
    const Entry& right = entries_[b];
    if (left.priority != right.priority) {
      return left.priority > right.priority;
    }
    return left.order < right.order;
  }

  void swap_entries(std::size_t a, std::size_t b) {
    std::swap(entries_[a], entries_[b]);
    places_[entries_[a].id] = a;
    places_[entries_[b].id] = b;
  }

  /// Moves an entry up to its place, and returns that.
  std::size_t sift_up(std::size_t index) {
    while (comes_before(index, parent_of(index))) {
      swap_entries(index, parent_of(index));
      index = parent_of(index);
    }
    return index;
  }

  void sift_down(std::size_t index) {
    std::size_t first = index;
    for (std::size_t child : {2 * index + 1, 2 * index + 2}) {
      if (child < entries_.size() && comes_before(child, first)) {
        first = child;
      }
    }
    if (first != index) {
      swap_entries(index, first);
      sift_down(first);
    }
  }

  void remove_at(std::size_t index) {
    swap_entries(index, entries_.size() - 1);
    places_.erase(entries_.back().id);
    entries_.pop_back();
    if (index < entries_.size()) {
      sift_down(sift_up(index));
    }
  }

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> places_;
  unsigned long next_order_ = 0;
};

}  // namespace worker
