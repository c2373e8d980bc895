"""The faults that the tests of the egress gate must notice, each as a change of one place.

A mutant is (name, file under lib/, text that stands there once, what it becomes, the tests to run).
"""

import dataclasses
import ipaddress
import re

UNIT, INTEGRATION, FETCH, MODEL = "unit_net", "integration_net", "unit_fetch", "unit_model"


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = (UNIT,)
    #: What is compiled anew; the file itself unless it is a header.
    sources: tuple[str, ...] = ()


# Twice as large, either is both of them together, which are denied anyhow.
SIDE_BY_SIDE = ("{v4(224, 0, 0, 0), 4,", "{v4(240, 0, 0, 0), 4,")


def _aligned(start: str, bits: int) -> str:
    """The beginning of an IPv4 row, its base cut to so many bits."""
    octets = re.fullmatch(r"\{v4\((\d+), (\d+), (\d+), (\d+)\), ", start)
    if not octets:
        return start
    block = ipaddress.ip_network(f"{'.'.join(octets.groups())}/{bits}", strict=False)
    return f"{{v4({', '.join(str(block.network_address).split('.'))}), "


def _ranges(text: str) -> list[Mutant]:
    """Each row of the deny table: gone, half as large, twice as large."""
    table = "net/address_policy.cpp"
    rows = re.findall(r"\{v4\([\d, ]+\), \d+, \w+\},|\{0x[\d']*[\da-f']*, \d+, special\},", text)
    rows += re.findall(r"aws_services\{0x[\da-f']+, \d+, metadata\}", text)
    assert len(rows) >= 32, "the table is written in another way now"
    mutants = []
    for row in rows:
        start, bits, rest = re.fullmatch(r"(.*, )(\d+)(, \w+\},?)", row).groups()
        label = " ".join(row.split())
        if not row.startswith("aws"):
            mutants.append(Mutant(f"without {label}", table, row, ""))
        if bits not in ("32",) or row.startswith(("{0x", "aws")):
            mutants.append(Mutant(f"half of {label}", table, row, f"{start}{int(bits) + 1}{rest}"))
        if not row.startswith(SIDE_BY_SIDE):
            mutants.append(Mutant(f"twice {label}", table, row, f"{_aligned(start, int(bits) - 1)}{int(bits) - 1}{rest}"))
    for address in re.findall(r"\{0xf[\da-f']+, 0x[\da-f']+\},", text):
        mutants.append(Mutant(f"without {address}", table, address, ""))
    return mutants


def _hand_made() -> list[Mutant]:
    book = "net/egress_book.cpp"
    policy, rules, entry = "net/address_policy.cpp", "net/egress_rules.cpp", "net/egress_entry.cpp"
    plan, gate, ports, hosts = "net/dial_plan.cpp", "net/default_gate.cpp", "net/port_policy.cpp", "net/host_policy.cpp"
    address, tls = "net/ip_address.cpp", "net/tls_policy.cpp"
    both = (UNIT, INTEGRATION)
    entry_header = "net/egress_entry.hpp"
    return [
        # Unwrapping.
        Mutant("no address is unwrapped", policy, "if (const auto inner = embedded(high, low)) {\n        worst",
               "if (const auto inner = embedded(high, low); false && inner) {\n        worst"),
        Mutant("mapped addresses are not unwrapped", policy, "middle == 0 || middle == 0xffff ||", "middle == 0 ||"),
        Mutant("translated addresses are not unwrapped", policy, " || middle == 0xffff'0000", ""),
        Mutant("compatible addresses are not unwrapped", policy, "carries = middle == 0 ||", "carries ="),
        Mutant("NAT64 is not unwrapped", policy, "high == 0x0064'ff9b'0000'0000 && middle == 0", "false"),
        Mutant("a local NAT64 is not unwrapped", policy, "high >> 16U == 0x0064'ff9b'0001", "false"),
        Mutant("6to4 is not unwrapped", policy, "high >> 48U == 0x2002", "false"),
        Mutant("6to4 is unwrapped at the wrong place", policy, "(high >> 16U);  // 6to4", "(high >> 24U);  // 6to4"),
        Mutant("Teredo's client is not restored", policy, "return ~last;", "return last;"),
        Mutant("Teredo's server is not judged", policy, "if (teredo(high)) {\n        worst", "if (false) {\n        worst"),
        Mutant("the outer address alone counts", policy, "worst = std::max(worst, classify_v4(*inner))",
               "worst = std::max(worst, address_class::global)"),
        Mutant("the inner address alone counts", policy, "worst = std::max(worst, classify_v4(*inner))",
               "worst = classify_v4(*inner)"),
        Mutant("IPv6 is global unless it is listed", policy, ": special;\n}\n\n}  // namespace", ": global;\n}\n\n}  // namespace"),
        Mutant("half of 2000::/3", policy, "v6_global{0x2000'0000'0000'0000, 3,", "v6_global{0x2000'0000'0000'0000, 4,"),
        Mutant("twice 2000::/3", policy, "v6_global{0x2000'0000'0000'0000, 3,", "v6_global{0x2000'0000'0000'0000, 2,"),
        Mutant(":: and ::1 are not loopback", policy, "if (high == 0 && low <= 1) {", "if (high == 0 && low > 1) {"),
        Mutant("::1 is not loopback", policy, "if (high == 0 && low <= 1) {", "if (high == 0 && low < 1) {"),
        # Judging.
        Mutant("loopback does not poison a name", rules, "kind == address_class::loopback ? egress_verdict::poisoned",
               "kind == address_class::metadata ? egress_verdict::poisoned"),
        Mutant("metadata may be allowed", rules, "kind == address_class::metadata || ours", "ours"),
        Mutant("our own listeners may be dialled", rules, " || ours(address, port)) {", ") {"),
        Mutant("our own port anywhere is ours", rules, "own.port == port && reaches(one, own.address)", "own.port == port"),
        Mutant("our own address with any port is ours", rules, "own.port == port && reaches", "reaches"),
        Mutant("a wildcard listener is one address", rules, "if (!listener.unspecified()) {", "if (true) {"),
        Mutant("a carrier of our own address is not ours", rules, "listened_on(address) || Inner{address}.any(listened_on)",
               "listened_on(address)"),
        Mutant("0.0.0.0 is not this machine", rules, "dialled == listener || dialled.unspecified()", "dialled == listener"),
        Mutant("deny is not looked at", rules, "if (denied(address, port, host)) {\n        return refusal;",
               "if (false) {\n        return refusal;"),
        Mutant("deny does not see inside", rules,
               "(covers(entry, address, host) ||\n                inner.any([&](const IpAddress& one) { return entry.covers(one); }))",
               "covers(entry, address, host)"),
        Mutant("deny ignores its port", rules, "return entry.covers_port(port) &&\n               (covers", "return (covers"),
        Mutant("allow ignores its port", rules, "return entry.covers_port(port) && covers(entry, one, host);",
               "return covers(entry, one, host);"),
        Mutant("an exception for the carrier is enough", rules, "return named(address) && !Inner{address}.any(refused);",
               "return named(address);"),
        Mutant("an exception for the inner address is enough", rules, "return named(address) && !Inner{address}.any(refused);",
               "return !Inner{address}.any(refused);"),
        Mutant("any exception lifts the address", rules, "kind != address_class::global && !lifted(address, port, host)",
               "kind != address_class::global && allow_.empty()"),
        Mutant("the port rule is not applied", rules, "port != 0 && port_good ?", "port != 0 ?"),
        Mutant("an exception without a port lifts the port rule", rules, "return entry.port == port && covers(entry, address, host);",
               "return entry.covers_port(port) && covers(entry, address, host);"),
        Mutant("port 0 is a port", rules, "port != 0 && port_good ?", "port_good || port == 0 ?"),
        Mutant("denied names are asked about", rules, "if (std::ranges::any_of(deny_, names_it)) {", "if (false) {"),
        Mutant("metadata names are asked about", rules, "case host_class::metadata:\n        case host_class::impossible:\n            break;",
               "case host_class::metadata:\n            return true;\n        case host_class::impossible:\n            break;"),
        Mutant("single labels are asked about", rules, "return single_labels_ || std::ranges::any_of(allow_, names_it);", "return true;"),
        Mutant("the service is a person", rules, "settings.profile == egress_profile::personal", "settings.profile == egress_profile::service"),
        Mutant("no port is asked about before the name", rules, "return port != 0 &&\n           (ports_.allows(port) ||", "return port != 0 ||\n           (ports_.allows(port) ||"),
        # Exceptions and names.
        Mutant("an entry covers every port", entry_header, "return !port || *port == asked;", "return true || asked == 0;",
               sources=("net/egress_rules.cpp",)),
        Mutant("a name covers its subdomains", entry, "return host == name;", "return host.ends_with(name);"),
        Mutant("a pattern covers what only ends alike", entry, "host.ends_with(name) &&\n           host[host.size() - name.size() - 1] == '.'",
               "host.ends_with(name)"),
        Mutant("a block is its neighbour too", address, "((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0",
               "((ours[whole] ^ theirs[whole]) >> (9 - rest)) == 0"),
        Mutant("a block's last bits are not compared", address, "return rest == 0 || ((ours", "return true || ((ours"),
        Mutant("a block covers the other family", address, "if (address.v6() != base.v6()) {\n        return false;",
               "if (false) {\n        return false;"),
        Mutant("bits beyond the prefix are ignored", address, "(7 - bit % 8) & 1U) != 0", "(7 - bit % 8) & 1U) > 1"),
        Mutant("a zone id is dropped", address, "    std::ranges::copy(text, buffer.begin());",
               "    std::ranges::copy(text.substr(0, text.find('%')), buffer.begin());"),
        Mutant("what follows a NUL is dropped", address, " || text.find('\\0') != std::string_view::npos", ""),
        Mutant("localhost is a name like others", hosts, 'if (is_or_below(host, "localhost")) {', "if (false) {"),
        Mutant("names below localhost are like others", hosts, 'if (is_or_below(host, "localhost")) {', 'if (host == "localhost") {'),
        Mutant("notlocalhost is localhost", hosts, "(host.size() == name.size() || host[host.size() - name.size() - 1] == '.')", "true"),
        Mutant("a trailing dot hides a name", hosts, "    host = without_trailing_dot(host);\n    const std::size_t last_dot",
               "    const std::size_t last_dot"),
        Mutant("numbers are names", hosts, " || numeric(last)) {", ") {"),
        # Ports.
        Mutant("internal services' ports are allowed", ports, "policy.allowed_.reset(port);\n    }\n    for (std::size_t port = 0;",
               "policy.allowed_.set(port);\n    }\n    for (std::size_t port = 0;"),
        Mutant("low ports are allowed", ports, "policy.allowed_.set(port, port == 80 || port == 443);", "policy.allowed_.set(port);"),
        Mutant("a range has the refused ports too", ports, "if (!blocked(static_cast<std::uint16_t>(port))) {", "if (true) {"),
        Mutant("443 is refused", ports, "port == 80 || port == 443", "port == 80"),
        # Planning.
        Mutant("the first answer alone is judged", plan, "    for (const IpAddress& answer : answers) {",
               "    for (const IpAddress& answer : answers.subspan(0, 1)) {"),
        Mutant("the first four answers alone are judged", plan, "    for (const IpAddress& answer : answers) {",
               "    for (const IpAddress& answer : answers.subspan(0, std::min<std::size_t>(4, answers.size()))) {"),
        Mutant("a poisoned answer is left out", plan, "case egress_verdict::poisoned:\n                return refused_address();",
               "case egress_verdict::poisoned:\n                break;"),
        Mutant("refused addresses are dialled", plan, "case egress_verdict::address:\n                break;",
               "case egress_verdict::address:\n                allowed.add(answer);\n                break;"),
        Mutant("refused ports are dialled", plan, "port_refused = true;", "allowed.add(answer);"),
        Mutant("the name is forgotten", plan, "switch (rules.judge(answer, port, host)) {", "switch (rules.judge(answer, port, {})) {"),
        Mutant("all of two hundred answers are dialled", plan, " && dials.size() < most_dials) {", ") {"),
        Mutant("IPv6 is left out", plan, "for (const auto* family : {&six, &four}) {", "for (const auto* family : {&four}) {"),
        Mutant("a loopback name is not judged", plan, "    auto four = plan_dials(rules, std::array{loopback_v4}, port, host);",
               "    Expected<std::vector<IpEndpoint>> four{std::vector<IpEndpoint>{{loopback_v4, port}}};"),
        Mutant("a refusal tells the address", plan,
               'return failed(failure_code::policy_address, "connecting: the address may not be fetched from");\n}\n\nFailure refused_port',
               'return failed(failure_code::policy_address, "connecting: 10.0.0.1 may not be fetched from");\n}\n\nFailure refused_port'),
        # The door.
        Mutant("the judgement comes before the name is resolved", gate, "co_return route_to(plan_dials(rules, answer->addresses, url.port(), host));",
               "std::vector<IpEndpoint> all;\n    for (const auto& one : answer->addresses) {\n        all.push_back({one, url.port()});\n    }\n    co_return Route{all};",
               (INTEGRATION,)),
        Mutant("a name is resolved again to be dialled", gate, "co_return route_to(plan_dials(rules, answer->addresses, url.port(), host));",
               "auto planned = plan_dials(rules, answer->addresses, url.port(), host);\n    const auto again = co_await resolver_.resolve(host, deadline, {});\n"
               "    if (planned && again) {\n        planned->front().address = again->addresses.front();\n    }\n    co_return route_to(std::move(planned));",
               (INTEGRATION,)),
        Mutant("a literal is not judged", gate, "co_return route_to(plan_literal(rules, *address, url.port()));",
               "co_return Route{{{*address, url.port()}}};", (INTEGRATION,)),
        Mutant("the port is judged after the name is resolved", gate, "if (!rules.port_possible(url.port())) {", "if (false) {", (INTEGRATION,)),
        Mutant("refused names are asked about", gate, "if (!rules.host_allowed(host, url.port())) {", "if (false) {", (INTEGRATION,)),
        Mutant("localhost is asked about", gate, "if (classify_host(host) == host_class::loopback) {", "if (false) {", (INTEGRATION,)),
        Mutant("a tenant has everybody's rules", book, "own == tenants_.end() ? everybody_ : own->second",
               "own == tenants_.end() ? everybody_ : everybody_"),
        Mutant("everybody has a tenant's rules", book, "own == tenants_.end() ? everybody_ : own->second",
               "tenants_.empty() ? everybody_ : tenants_.begin()->second"),
        Mutant("the gate asks for nobody's rules", gate, "options_.rules_of(tenant)", "options_.rules_of({})", (INTEGRATION,)),
        Mutant("certificates are never required", gate, "tls_.context(order.check)", "tls_.context(peer_check::recorded)", (INTEGRATION,)),
        Mutant("peers are not verified", tls, "check == peer_check::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE", "SSL_VERIFY_NONE", both),
        Mutant("the common name is a name", tls, "X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | ", "", both),
        Mutant("TLS 1.0 is spoken", tls, "SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);", "SSL_CTX_set_min_proto_version(handle, TLS1_VERSION);", both),
        # The operator's proxy.
        Mutant("any proxy is trusted to judge", gate, "if (proxy_ && proxy_->resolve == proxy_resolve::proxy) {\n        co_return Route",
               "if (proxy_) {\n        co_return Route", (INTEGRATION,)),
        Mutant("a trusted proxy is not trusted", gate, "if (proxy_ && proxy_->resolve == proxy_resolve::proxy) {\n        co_return Route",
               "if (false) {\n        co_return Route", (INTEGRATION,)),
        Mutant("the proxy is gone around", gate, "if (proxy_) {\n        co_return co_await reach_through_proxy", "if (false) {\n        co_return co_await reach_through_proxy",
               (INTEGRATION,)),
        Mutant("a refused tunnel is taken for one", "net/proxy_tunnel.cpp", "if ((*reply)->status / 100 != 2) {", "if (false) {", (INTEGRATION,)),
        Mutant("what comes behind the answer is dropped", "net/proxy_tunnel.cpp", "if (read_ < size_) {", "if (false) {", (INTEGRATION,)),
        Mutant("a proxy that refuses is asked four times", gate, "if (last.code == failure_code::connect_refused) {", "if (false) {", (INTEGRATION,)),
        Mutant("a password is shown", "net/egress_proxy.cpp", "if (colon != std::string_view::npos) {\n        shown", "if (false) {\n        shown"),
        Mutant("a header of the proxy has no end", "net/connect_reply.cpp", "if (size == 0 && bytes.size() >= longest_connect_reply) {", "if (false) {"),
        Mutant("any first line will do", "net/connect_reply.cpp", "if (!plausible(bytes)) {", "if (false) {"),
        # What keeps connections and sessions apart.
        Mutant("a connection serves every host", "fetch/connection_pool.cpp", "    text += url.host_header();\n", "", (FETCH,)),
        Mutant("a connection serves every tenant", "fetch/connection_pool.cpp", "    text += tenant;\n", "", (FETCH,)),
        Mutant("a connection serves every policy", "fetch/connection_pool.cpp", "policy_letter(verify) : 'p'", "'s' : 'p'", (FETCH,)),
        Mutant("a session serves every key", "net/tls_sessions.cpp", "store_->find(key)", 'store_->find(store_->entries.empty() ? "" : store_->entries.front().key)'),
        # Redirects.
        Mutant("credentials cross origins", "model/redirect_policy.cpp", "        drop_credentials(from.headers);\n", "", (MODEL,)),
        Mutant("any scheme is followed", "model/redirect_policy.cpp", "if (!target) {", "if (false) {", (MODEL,)),
        Mutant("leaving the origin is always allowed", "model/redirect_policy.cpp", "if (!options.cross_origin) {", "if (false) {", (MODEL,)),
        Mutant("redirects have no end", "model/redirect_policy.cpp", "if (hops_made >= options.max) {", "if (false) {", (MODEL,)),
    ]  # fmt: skip


def all_mutants(lib) -> list[Mutant]:
    return _ranges((lib / "net" / "address_policy.cpp").read_text()) + _hand_made()
