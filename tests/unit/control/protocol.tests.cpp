// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/protocol.h"

#include <catch2/catch.hpp>

using namespace heberg::control;

TEST_CASE("a request survives the way there") {
  const request sent{"lock", "site_1", "unpaid \"bill\"\nsecond line", {"set", "pass word", ""}};
  const std::string line = encode(sent);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(parse_request(line) == sent);
}

TEST_CASE("a reply survives the way back, each error by its name") {
  for (const auto error :
       {failure::none, failure::bad_request, failure::no_such_site, failure::refused, failure::internal}) {
    CHECK(parse_reply(encode(reply{error, "text"})) == reply{error, "text"});
  }
}

TEST_CASE("what is no request is refused") {
  const std::string deep = R"({"verb":"lock","x":[[[[[[1]]]]]]})";
  for (const std::string& line :
       {std::string(), std::string("lock site_1"), std::string("[]"), std::string(R"({"verb":1})"),
        std::string(R"({"site":"site_1"})"), std::string(R"({"verb":"lock","site":["a"]})"),
        std::string(R"({"verb":"keys","arguments":"add"})"), std::string(R"({"verb":"keys","arguments":[1]})"),
        std::string(R"({"verb":"lo)"), std::string("{\"verb\":\"\xff\"}"),
        R"({"verb":")" + std::string(k_max_line, 'a') + R"("})"}) {
    INFO(line.substr(0, 60));
    CHECK_FALSE(parse_request(line));
  }
  // Too deep a part is left unread, the request itself stands.
  CHECK(parse_request(deep)->verb == "lock");
}

TEST_CASE("an error that we do not know is no reply") {
  CHECK_FALSE(parse_reply(R"({"error":"novel","message":""})"));
  CHECK_FALSE(parse_reply(R"({"message":"no error field"})"));
}

TEST_CASE("bytes that are not UTF-8 are told, not thrown") {
  CHECK(parse_request(encode(request{"lock", "site_1", "caf\xe9"}))->why == "caf\xEF\xBF\xBD");
}

TEST_CASE("a reply's data comes back as it was, and what is no object is left out, or no reply") {
  CHECK(parse_reply(encode(reply{failure::none, "text", R"({"uid":20000})"})) ==
        reply{failure::none, "text", R"({"uid":20000})"});
  CHECK(parse_reply(encode(reply{failure::none, "text", "not json"})) == reply{failure::none, "text"});
  CHECK_FALSE(parse_reply(R"({"error":"none","data":[1]})"));
}

TEST_CASE("a password survives the way there, in any bytes of one line, apart from the arguments") {
  for (const char* text :
       {"correct horse", "", "a\"b\\c", "\\\"", "caf\xC3\xA9", "\xff", "tab\there", "$6$salt$hash", "]}"}) {
    INFO(text);
    request sent{"passwd", "site_1", "", {"set"}};
    sent.password = heberg::secret(text);
    const auto line = encode(sent);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(parse_request(line) == sent);
  }
  request sent{"passwd", "site_1", "", {"set"}};
  sent.password = heberg::secret("two\nlines");
  CHECK_THROWS_WITH(encode(sent), Catch::Contains("more than one line"));
}

TEST_CASE("a request without a password has none, whatever its arguments") {
  const request sent{"keys", "site_1", "", {"add", "ssh-rsa \"x\"", "ssh-rsa y"}};
  CHECK(parse_request(encode(sent)) == sent);
  const auto parsed = parse_request(R"({"arguments":["set","x y"],"verb":"passwd","password":"z"})");
  REQUIRE(parsed);
  CHECK(parsed->arguments == std::vector<std::string>{"set", "x y"});
  CHECK_FALSE(parsed->password);
}

TEST_CASE("a reply's password survives the way back, beside its data") {
  for (const char* text : {"correct horse", "a\"b\\c", "caf\xC3\xA9"}) {
    INFO(text);
    reply sent{failure::none, "made", R"({"uid":1})"};
    sent.password = heberg::secret(text);
    CHECK(parse_reply(encode(sent)) == sent);
  }
}

TEST_CASE("a wiped text is empty, and its bytes are gone") {
  std::string text(100, 'x');
  const char* bytes = text.data();
  wipe(text);
  CHECK(text.empty());
  CHECK(std::string_view(bytes, 100).find('x') == std::string_view::npos);
}
