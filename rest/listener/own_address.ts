/**
 * Tells what is wrong with the address that `REST_OUTBOUND_ADDRESS` names;
 * undefined when this machine has it. It is tried out, because a list of
 * interfaces knows only the first of the loopback addresses.
 */
export function ownAddressProblem(
  address: string | undefined,
): string | undefined {
  if (address === undefined) return undefined;
  try {
    Deno.listen({ hostname: address, port: 0 }).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrNotAvailable)) return undefined;
    return `REST_OUTBOUND_ADDRESS is "${address}": this machine has no such address`;
  }
}
