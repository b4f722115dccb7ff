/** Of one Redis, as INFO tells it. */
export type RedisInfo = ReadonlyMap<string, string>;

/** The fields of an answer to INFO: `name:value` lines below headings. */
export function parseInfo(text: string): RedisInfo {
  const lines = text.split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** What to change about the memory of a cache, for its operator; null: nothing, or it is not known. */
export function memoryAdvice(info: RedisInfo): string | null {
  const policy = info.get("maxmemory_policy");
  const bounded = info.get("maxmemory") !== "0";
  if (policy === undefined) return null;
  if (policy === "noeviction")
    return "its maxmemory-policy is noeviction, so that it makes no room by itself; set maxmemory and maxmemory-policy allkeys-lru";
  return bounded ? null : "it has no maxmemory, so that it takes all memory of its machine; set one";
}

/** What to change about the memory of a Redis that must forget nothing; null: nothing, or it is not known. */
export function stateAdvice(info: RedisInfo): string | null {
  const policy = info.get("maxmemory_policy");
  if (policy === undefined || policy === "noeviction") return null;
  return `its maxmemory-policy is ${policy}, so that what people saved may be driven out; set noeviction, and appendonly yes`;
}
