/** The rules of the project itself, part of `npm run check`: they need no build and no other program. */
export const RULES = ["test/project/**/*.test.ts"];

/** Our program as it was built, with all that it works with. */
export const END_TO_END = ["test/cli/**/*.test.ts", "test/e2e/**/*.test.ts"];

/**
 * Other tests that start a program: ours as built, Redis, nginx. What stands nowhere here is a unit test, which has all that it needs in
 * its own process, save threads. A rule of the project holds both (test/project/unit-tests.test.ts).
 */
export const RUN_PROGRAMS = [
  "test/cache/flights.test.ts",
  "test/cache/redis-cluster.test.ts",
  "test/cache/redis-failing.test.ts",
  "test/cache/redis-locks.test.ts",
  "test/cache/redis-secured.test.ts",
  "test/cache/redis.test.ts",
  "test/cache/s3.test.ts",
  "test/graphql/bad-requests.test.ts",
  "test/graphql/catalogue.test.ts",
  "test/graphql/persisted-queries.test.ts",
  "test/graphql/presets.test.ts",
  "test/graphql/purge.test.ts",
  "test/http/metrics.test.ts",
  "test/http/roles.test.ts",
  "test/service/jobs/records.test.ts",
  "test/service/jobs/shared.test.ts",
  "test/service/purge.test.ts",
];
