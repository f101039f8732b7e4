// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether lines reach the sites' log files: the requests that `hebergctl check` itself made, and the last lines of each
// container. All are waited for together, at the end, so that a host of many sites is checked in the same few seconds.
#pragma once

#include "hebergctl/check/check.h"
#include "hebergctl/log_progress.h"
#include "program/settings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace heberg::ctl {

class log_arrival {
 public:
  explicit log_arrival(const settings& settings) : settings_(settings) {}

  // The token stands in the line of a request to the last of the site's addresses. index: of the site in the vector
  // that the wait_… functions are given.
  void expect_request(std::size_t index, const site_facts& site, std::string name, std::string token);

  // Asks the engine for the last line of each of the site's containers, and adds it to site.logs.
  void expect_last_lines(std::size_t index, site_facts& site);

  // root: the open sites root. Both wait for some seconds at most.
  void wait_for_requests(int root, std::vector<site_facts>& sites);
  void wait_for_last_lines(int root, std::vector<site_facts>& sites);  // throws sqlite::error

 private:
  struct expected_request {
    std::size_t in_sites;
    std::size_t in_addresses;
    std::string site;
    std::string token;
  };

  struct expected_lines {
    std::size_t in_sites;
    std::size_t in_logs;
    std::string container;
    last_stamps last;
  };

  const settings& settings_;
  std::vector<expected_request> requests_;
  std::vector<expected_lines> lines_;
};

}  // namespace heberg::ctl
