import ipaddr from "ipaddr.js";

/** All public addresses of IPv6 begin with these three bits (RFC 4291 section 2.4): 2000::/3. */
const GLOBAL_PREFIX = 0b001;
/** Group 5 of an ISATAP address (RFC 5214 section 6.1), behind group 4 of 0 or, where the IPv4 address is called unique, 0x200. */
const ISATAP = 0x5efe;
const ISATAP_FLAGS: readonly number[] = [0, 0x200];
/** `::1.2.3.4`, without `ffff` (RFC 4291 section 2.5.5.1, long deprecated): ipaddr.js takes it for a mapped address. */
const COMPATIBLE = /^[0:]+:\d+\./;

/**
 * An address of the public internet: not private, loopback, link-local, shared (CGNAT), multicast, reserved or unspecified, and holding no such
 * IPv4 address either (mapped, 6to4, NAT64; Teredo and ISATAP are refused altogether). False for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || COMPATIBLE.test(text)) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  const inner = embedded(address);
  if (inner) return inner.range() === "unicast";
  const { parts } = address;
  const isGlobal = (parts[0] ?? 0) >> 13 === GLOBAL_PREFIX;
  return isGlobal && address.range() === "unicast" && !isIsatap(parts);
}

/** The IPv4 address that an IPv6 address stands for. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const { parts } = address;
  const ipv4At = (index: number) => ipv4(parts[index] ?? 0, parts[index + 1] ?? 0);
  switch (address.range()) {
    case "ipv4Mapped":
      return ipv4At(6);
    case "6to4":
      return ipv4At(1);
    case "rfc6052":
      // Only in NAT64's well-known prefix does it stand at the end; in local ones (64:ff9b:1::/48) it may stand anywhere.
      return parts[2] === 0 ? ipv4At(6) : null;
    default:
      return null;
  }
}

/** Tunnels by ISATAP carry any IPv4 address, a private one as a rule. */
function isIsatap(parts: readonly number[]): boolean {
  return parts[5] === ISATAP && ISATAP_FLAGS.includes(parts[4] ?? 0);
}

function ipv4(high: number, low: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
}
