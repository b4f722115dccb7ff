import fc from "fast-check";

/** What properties draw is the same in every run; `npm run test:random` draws anew, by a number of its own. */
const FIXED_SEED = 20_261_130;

fc.configureGlobal({ seed: Number(process.env.BANDLOOM_TEST_SEED ?? FIXED_SEED) });
