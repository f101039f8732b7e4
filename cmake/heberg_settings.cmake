# SPDX-License-Identifier: LGPL-2.1-or-later
# Compiler settings and warnings as INTERFACE targets, linked PRIVATE by every target of ours.
option(HEBERG_DEV "Developer's build: warnings are errors (never for packagers)" OFF)
option(HEBERG_TESTS "Build the tests and benchmarks" OFF)
option(HEBERG_FUZZ "Build the fuzz targets with libFuzzer (needs clang); without it they replay their corpus" OFF)
option(HEBERG_PCH "Precompile the standard library's and Catch2's headers" ON)
option(HEBERG_UNITY "Compile several files of a target at once: half the time for a whole build, more for each change" OFF)
set(HEBERG_SANITIZE "" CACHE STRING "Comma list for -fsanitize=, e.g. address,undefined")

add_library(heberg_settings INTERFACE)
target_compile_features(heberg_settings INTERFACE cxx_std_20)
target_include_directories(heberg_settings INTERFACE "${PROJECT_SOURCE_DIR}/lib")
target_compile_definitions(heberg_settings INTERFACE _GNU_SOURCE HEBERG_VERSION="${PROJECT_VERSION}")
target_compile_options(heberg_settings INTERFACE -fvisibility=hidden -fstack-protector-strong)
if(HEBERG_SANITIZE)
  target_compile_options(heberg_settings INTERFACE -fsanitize=${HEBERG_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(heberg_settings INTERFACE -fsanitize=${HEBERG_SANITIZE})
  # Asio fences around each handler; ThreadSanitizer does not see fences, and GCC warns that it does not. Our loops have one thread.
  if(HEBERG_SANITIZE MATCHES thread)
    target_compile_options(heberg_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()
# What is fuzzed reports its branches to libFuzzer; without that in the libraries it would guess blindly.
if(HEBERG_FUZZ)
  target_compile_options(heberg_settings INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(heberg_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(heberg_warnings INTERFACE)
target_compile_options(heberg_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wvla
  $<$<BOOL:${HEBERG_DEV}>:-Werror>
  # What GCC 12 finds at -O2 in std::string's own members, and is not there (its bugs 105329, 105651): said, not fatal.
  $<$<AND:$<BOOL:${HEBERG_DEV}>,$<CXX_COMPILER_ID:GNU>>:-Wno-error=array-bounds -Wno-error=restrict -Wno-error=stringop-overflow>)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
