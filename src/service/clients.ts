import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";

/** A network that is given to one customer, who may use any address in it (RFC 6177). */
const CUSTOMER_BITS = 64;

/** Whether an address is that of a proxy whose word of a client is taken; the hop is 0 for the connection's own. */
export type Trusts = (address: string, hop: number) => boolean;

/** A name is asked for with each request. */
const names = new LRUCache<string, string>({ max: 4_096 });

/** The name of a client: that of its principal where it has one, else by its network address: IPv4 addresses are told apart, of IPv6 addresses their networks of 64 bits, by their first addresses. */
export function clientOf(address: string | undefined): string {
  const known = names.get(address ?? "");
  if (known !== undefined) return known;
  const name = nameOf(address);
  names.set(address ?? "", name);
  return name;
}

/** Of a principal, as a server that asks in its place tells it. */
const PRINCIPAL = /^(?:key|jwt|user|admin):?[!-~]{0,600}$/;

function nameOf(address: string | undefined): string {
  if (address !== undefined && PRINCIPAL.test(address)) return address;
  if (address === undefined || !ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${CUSTOMER_BITS}`).toString();
}
