// SPDX-License-Identifier: LGPL-2.1-or-later
// What `nginx -t` is asked, and what it answers.
#pragma once

#include <string>

namespace heberg::proxy {

enum class test_scope {
  whole,  // nginx's own configuration, with the text in the place of the live file
  alone,  // the text and the least that nginx needs around it
};

struct config_test_result {
  enum class kind { accepted, refused, not_installed, failed } kind = kind::failed;
  std::string message;  // nginx's, or why it could not be run
};

}  // namespace heberg::proxy
