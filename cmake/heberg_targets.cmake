# SPDX-License-Identifier: LGPL-2.1-or-later
# How targets are made here. A library's headers are included as "base/names.h" (lib/ is on the path),
# but only what is linked can be used: every link is PRIVATE.

# The standard library's headers, precompiled once for all libraries; the tests have a set of their own with Catch2's
# (tests/CMakeLists.txt), where it saves two thirds of the compiler's time. Asio, Beast and nlohmann/json are left out on
# purpose: with them the compiler maps 245 MB for each file, and small files get slower (docs/decisions/0045). Never in what
# plugins are made of. The asan preset goes without, so that each file proves that it includes what it uses.
set(heberg_common_headers
  <algorithm>
  <array>
  <chrono>
  <filesystem>
  <fstream>
  <functional>
  <map>
  <memory>
  <mutex>
  <optional>
  <set>
  <stdexcept>
  <string>
  <string_view>
  <system_error>
  <thread>
  <unordered_map>
  <utility>
  <variant>
  <vector>)

# heberg_precompiled(NAME library|program HEADERS...)   a target whose precompiled headers others reuse
function(heberg_precompiled name type)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${name}.cpp" CONTENT "int main() {}\n")
  if(type STREQUAL library)
    add_library(${name} STATIC "${CMAKE_BINARY_DIR}/${name}.cpp")
  else()
    add_executable(${name} "${CMAKE_BINARY_DIR}/${name}.cpp")
  endif()
  target_link_libraries(${name} PRIVATE heberg_settings heberg_warnings)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()
if(HEBERG_PCH)
  heberg_precompiled(heberg_pch_library library ${heberg_common_headers})
endif()

# With HEBERG_UNITY several files of a target are compiled as one, so that heavy headers and templates are done once for all of
# them. A file that shares a name of its own (in an unnamed namespace) with another file of its target is named behind APART.
function(heberg_compile_together name)
  if(HEBERG_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# heberg_library(NAME SOURCES... [APART SOURCES...] [LINK target...])       ordinary C++: exceptions, the standard library
function(heberg_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN" "" "SOURCES;APART;LINK")
  add_library(${name} STATIC ${arg_SOURCES} ${arg_APART})
  target_link_libraries(${name} PRIVATE heberg_settings heberg_warnings ${arg_LINK})
  if(NOT arg_PLAIN)
    heberg_compile_together(${name} ${arg_APART})
    if(HEBERG_PCH)
      target_precompile_headers(${name} REUSE_FROM heberg_pch_library)
    endif()
  endif()
endfunction()

# What a plugin is made of. Without the library's assertions, whatever the flags from outside: their failure would be
# a call into libstdc++.
set(heberg_plain_options -fno-exceptions -fno-rtti -fno-threadsafe-statics -U_GLIBCXX_ASSERTIONS)

# heberg_plain_library(...)  what a plugin may contain: libc alone. A std::string or a throw in it ends as a
# compile error here or as a link error in the plugin, which is linked with the C driver.
function(heberg_plain_library name)
  heberg_library(${name} PLAIN ${ARGN})
  target_compile_options(${name} PRIVATE ${heberg_plain_options})
endfunction()

# heberg_program(NAME SOURCES... [APART SOURCES...] [LINK target...])
function(heberg_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;APART;LINK")
  add_executable(${name} ${arg_SOURCES} ${arg_APART})
  heberg_compile_together(${name} ${arg_APART})
  target_link_libraries(${name} PRIVATE heberg_settings heberg_warnings ${arg_LINK})
endfunction()

# heberg_plugin(NAME OUTPUT file.so MAP version-script SOURCES... [LINK ...])
# A shared object for other people's processes: C driver, nothing exported but the map's names, no undefined
# symbol, never unloaded (a thread may still be inside), no lazy binding. Without the C++ driver's libraries, which CMake
# would add for the sources' sake, and without the start files: nothing runs when it is loaded. Code and constants in one
# segment: each login loads the modules anew, and two mappings are cheaper than four.
function(heberg_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT;MAP" "SOURCES;LINK")
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE heberg_settings heberg_warnings ${arg_LINK})
  target_compile_options(${name} PRIVATE ${heberg_plain_options})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C PREFIX "" OUTPUT_NAME "${arg_OUTPUT}" SUFFIX ""
                        LINK_DEPENDS "${arg_MAP}")
  set(CMAKE_CXX_IMPLICIT_LINK_LIBRARIES "" PARENT_SCOPE)
  target_link_options(${name} PRIVATE "-Wl,--version-script=${arg_MAP}" -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro
                      -Wl,--as-needed -Wl,-z,noseparate-code)
  if(NOT HEBERG_SANITIZE)  # a sanitizer's own symbols come from the program, and it starts itself
    target_link_options(${name} PRIVATE -Wl,-z,defs -nostartfiles)
  endif()
endfunction()
