import ipaddr from "ipaddr.js";

/** NAT64's well-known prefix holds an IPv4 address in its last four bytes (RFC 6052), ISATAP behind 0:5efe (RFC 5214). */
const ISATAP = [0x5efe];

/**
 * An address of the public internet: not private, loopback, link-local, shared (CGNAT), multicast, reserved or unspecified, and holding no such
 * IPv4 address either (mapped, 6to4, NAT64, Teredo, ISATAP). False for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  const inner = embedded(address);
  if (inner) return inner.range() === "unicast";
  return address.range() === "unicast" && !isIsatap(address);
}

/** The IPv4 address that an IPv6 address stands for. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const { parts } = address;
  const at = (index: number) => ipv4(parts[index] ?? 0, parts[index + 1] ?? 0);
  switch (address.range()) {
    case "ipv4Mapped":
      return address.toIPv4Address();
    case "6to4":
      return at(1);
    case "rfc6052":
      return at(6);
    default:
      return null;
  }
}

/** Tunnels by ISATAP carry any IPv4 address, a private one as a rule. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ISATAP.includes(parts[5] ?? 0) && [0, 0x200].includes(parts[4] ?? 0);
}

function ipv4(high: number, low: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
}
