import { Field } from "type-graphql";

type TypeOf = Parameters<typeof Field>[0];
type Options = Parameters<typeof Field>[1];

/**
 * `@Field` for a getter. type-graphql takes accessors for methods and calls each through its resolver chain; as a property
 * with simpleResolvers it is read by graphql itself, which makes a list of tiles three times cheaper.
 */
export function Property(type: TypeOf, options: Options): PropertyDecorator {
  return (prototype, name) => {
    (Field(type, options) as PropertyDecorator)(prototype, name);
  };
}
