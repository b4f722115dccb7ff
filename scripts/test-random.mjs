// The tests with everything drawn anew that `npm test` fixes: what properties draw, and the order of files. One number decides both:
// `npm run test:random` prints it, `npm run test:random -- --seed=N` repeats it. What else is given goes to vitest.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";

const given = process.argv.slice(2);
const chosen = given.find((argument) => argument.startsWith("--seed="));
const seed = chosen ? Number(chosen.slice("--seed=".length)) : randomInt(2 ** 31);
if (!Number.isSafeInteger(seed)) {
  console.error(`${chosen} is not a whole number.`);
  process.exit(2);
}
const say = () => console.log(`Seed ${seed}: npm run test:random -- --seed=${seed}`);
say();
const { status } = spawnSync(
  fileURLToPath(new URL("../node_modules/.bin/vitest", import.meta.url)),
  ["run", "--sequence.shuffle.files", `--sequence.seed=${seed}`, ...given.filter((argument) => argument !== chosen)],
  { stdio: "inherit", env: { ...process.env, BANDLOOM_TEST_SEED: String(seed) } },
);
say();
process.exit(status ?? 1);
