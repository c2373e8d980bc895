// lib/base/pch.hpp with Asio on top; for speed of building only.
#include "base/pch.hpp"

#include <boost/asio.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/ssl.hpp>
