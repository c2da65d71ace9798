/**
 * What only a cluster needs, apart from `deps.ts`: it takes a fifth of a second to
 * load, which a proxy that is alone does not spend.
 */

// Redis and Valkey.
export {
  createClient as createRedisClient,
  RESP_TYPES,
} from "npm:@redis/client@6.3.1";
