// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/json_filter.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace heberg::docker {
namespace {

using json = nlohmann::json;

// nlohmann's SAX interface. Its parser keeps its own stack, so a deep document cannot exhaust ours; false ends the
// parsing.
class filter {
 public:
  filter(std::span<const wanted_key> wanted, const json_limits& limits, const std::function<void(json&&)>* take)
      : wanted_(wanted), limits_(limits), take_(take) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(json::number_integer_t value) { return add(value); }
  bool number_unsigned(json::number_unsigned_t value) { return add(value); }
  bool number_float(json::number_float_t value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(json::binary_t& /*value*/) { return fail("holds binary data"); }

  bool start_object(std::size_t /*size*/) { return open(json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (skipped_depth_ > 0) return true;
    const auto* found = find(stack_.back().wanted, name);
    skip_next_ = found == nullptr;
    if (skip_next_) return true;
    key_ = std::move(name);
    below_ = found->below;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) {
    return fail("is not JSON at byte " + std::to_string(position));
  }

  json root;
  std::string problem;

 private:
  struct level {
    json value;
    std::span<const wanted_key> wanted;
    std::string key;  // in the level above, where that is an object
  };

  static const wanted_key* find(std::span<const wanted_key> wanted, std::string_view name) {
    static constexpr wanted_key k_everything{"*"};
    if (wanted.empty()) return &k_everything;
    for (const auto& w : wanted) {
      if (w.name == name || w.name == "*") return &w;
    }
    return nullptr;
  }

  bool fail(std::string reason) {
    if (problem.empty()) problem = std::move(reason);
    return false;
  }

  // Is the value that comes now below a key that is not wanted?
  bool skip() {
    if (skipped_depth_ > 0) return true;
    return std::exchange(skip_next_, false);
  }

  bool add(json value) {
    if (skip()) return true;
    if (++values_ > limits_.values) return fail("holds more than " + std::to_string(limits_.values) + " values");
    put(std::move(value), key_);
    return true;
  }

  bool open(json value) {
    if (++depth_ > limits_.depth) return fail("is nested deeper than " + std::to_string(limits_.depth));
    if (skip()) {
      ++skipped_depth_;
      return true;
    }
    if (++values_ > limits_.values) return fail("holds more than " + std::to_string(limits_.values) + " values");
    if (stack_.empty()) {
      if (take_ != nullptr && !value.is_array()) return fail("is not an array");
      stack_.push_back({std::move(value), wanted_, {}});
    } else if (stack_.back().value.is_array()) {
      stack_.push_back({std::move(value), stack_.back().wanted, {}});
    } else {
      stack_.push_back({std::move(value), below_, std::move(key_)});
    }
    return true;
  }

  bool close() {
    --depth_;
    if (skipped_depth_ > 0) {
      --skipped_depth_;
      return true;
    }
    level done = std::move(stack_.back());
    stack_.pop_back();
    put(std::move(done.value), done.key);
    return true;
  }

  void put(json&& value, const std::string& name) {
    if (stack_.empty()) {
      root = std::move(value);
    } else if (!stack_.back().value.is_array()) {
      stack_.back().value[name] = std::move(value);
    } else if (take_ != nullptr && stack_.size() == 1) {
      values_ = 0;
      (*take_)(std::move(value));
    } else {
      stack_.back().value.push_back(std::move(value));
    }
  }

  std::span<const wanted_key> wanted_;
  const json_limits& limits_;
  const std::function<void(json&&)>* take_;
  std::vector<level> stack_;
  std::string key_;                    // of the value that comes next
  std::span<const wanted_key> below_;  // wanted in it
  bool skip_next_ = false;
  std::size_t skipped_depth_ = 0;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

bool parse(std::string_view text, filter& f, std::size_t bytes_max, std::string& problem) {
  if (text.size() > bytes_max) {
    problem = "is larger than " + std::to_string(bytes_max) + " bytes";
    return false;
  }
  if (json::sax_parse(text.begin(), text.end(), &f)) return true;
  problem = f.problem;
  return false;
}

}  // namespace

json read_json(std::string_view text, std::span<const wanted_key> wanted, const json_limits& limits,
               std::string& problem) {
  filter f(wanted, limits, nullptr);
  if (!parse(text, f, limits.bytes, problem)) return json(json::value_t::discarded);
  return std::move(f.root);
}

bool read_json_elements(std::string_view text, std::span<const wanted_key> wanted, const json_limits& limits,
                        const std::function<void(json&&)>& take, std::string& problem) {
  filter f(wanted, limits, &take);
  if (!parse(text, f, limits.bytes, problem)) return false;
  if (f.root.is_array()) return true;
  problem = "is not an array";
  return false;
}

}  // namespace heberg::docker
