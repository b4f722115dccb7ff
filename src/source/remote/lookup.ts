import { lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import { assertAddress, type Permission } from "./allow-list.ts";

/**
 * Name resolution for connections that only go where they may: the connection is made to one of the addresses that were checked here, and the
 * name is not resolved a second time. One address without leave refuses all: the answer is not to be trusted then.
 */
export function checkedLookup(permission: Permission): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error || !first) {
        callback(error ?? new Error("The name has no address."), "", 0);
        return;
      }
      try {
        for (const { address } of found) assertAddress(address, permission);
      } catch (refusal) {
        callback(refusal as Error, "", 0);
        return;
      }
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}
