// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake engine as a program, for benchmarks and for trying things by hand:
//   fake_engine SOCKET COUNT [ROOT]     COUNT sites site_1 … with their trees below ROOT (default /sites)
// Then line by line on standard input: "add NAME", "remove NAME", "stop NAME", "start NAME", "cut" (closes the event
// streams), "count" (prints what was asked of it). It ends with its input.
#include "support/fake_engine.h"

#include <charconv>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using heberg::test::fake_container;
using heberg::test::fake_engine;

fake_container make_site(const std::string& root, const std::string& name) {
  std::string host = name + ".test";
  for (auto& c : host) {
    if (c == '_') c = '-';
  }
  return heberg::test::make_container(name, host, root + "/" + name + "/www");
}

void print_counts(const fake_engine& engine) {
  const auto c = engine.count();
  std::printf("connections=%llu lists=%llu inspects=%llu events=%llu cpu_ms=%lld\n",
              static_cast<unsigned long long>(c.connections), static_cast<unsigned long long>(c.lists),
              static_cast<unsigned long long>(c.inspects), static_cast<unsigned long long>(c.events),
              static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(engine.cpu_time()).count()));
}

void obey(fake_engine& engine, const std::string& root, std::string_view line) {
  const auto space = line.find(' ');
  const auto verb = line.substr(0, space);
  const std::string name(space == std::string_view::npos ? "" : line.substr(space + 1));
  if (verb == "add") {
    engine.add(make_site(root, name));
  } else if (verb == "remove") {
    engine.remove(name);
  } else if (verb == "stop") {
    engine.change(
        name, [](fake_container& c) { c.state = "exited"; }, "die");
  } else if (verb == "start") {
    engine.change(
        name, [](fake_container& c) { c.state = "running"; }, "start");
  } else if (verb == "cut") {
    engine.cut_events();
  } else if (verb == "count") {
    print_counts(engine);
  } else {
    std::fprintf(stderr, "fake_engine: unknown: %s\n", std::string(line).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::size_t count = 0;
  const std::string_view number = argc > 2 ? argv[2] : "";
  if (std::from_chars(number.data(), number.data() + number.size(), count).ec != std::errc{}) {
    std::fputs("usage: fake_engine SOCKET COUNT [ROOT]\n", stderr);
    return 2;
  }
  const std::string root = argc > 3 ? argv[3] : "/sites";
  fake_engine engine(argv[1]);
  for (std::size_t i = 1; i <= count; ++i) engine.add_silently(make_site(root, "site_" + std::to_string(i)));
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("ready %s\n", engine.host().c_str());
  for (std::string line; std::getline(std::cin, line);) {
    try {
      if (!line.empty()) obey(engine, root, line);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "fake_engine: %s\n", error.what());
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "fake_engine: %s\n", error.what());
  return 1;
}
