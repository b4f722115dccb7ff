import { execFileSync, spawnSync } from "node:child_process";

/** Debian package of each program that tests start. */
const PACKAGES = { "redis-server": "redis-server", chromium: "chromium", nginx: "nginx", openssl: "openssl" } as const;
export type Program = keyof typeof PACKAGES;

function isPresent(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" }).status === 0;
}

/** Uses what is there, installs the rest where we are root on a Debian system, else names what is missing. */
export function ensurePrograms(programs: readonly Program[]): void {
  const missing = programs.filter((program) => !isPresent(program)).map((program) => PACKAGES[program]);
  if (missing.length === 0) return;
  const command = `apt-get install -y ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !isPresent("apt-get")) {
    throw new Error(`The tests need ${missing.join(" and ")}. Install with: sudo ${command}`);
  }
  process.stderr.write(`Installing ${missing.join(", ")} for the tests …\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("apt-get", ["install", "-y", "-qq", ...missing], {
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
