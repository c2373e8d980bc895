// lib/coro/pch.hpp with GoogleTest on top; for speed of building only.
#include "coro/pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
