/**
 * Memory that is free goes back to the system.
 *
 * @module
 */

/**
 * Asks the C library to give back what it keeps for later, some hundred megabytes after a large step. Linux
 * with glibc alone; nothing happens elsewhere, or where the program may not load libraries (`--allow-ffi`).
 */
export function trimMemory(): void {
  try {
    const library = Deno.dlopen("libc.so.6", {
      malloc_trim: { parameters: ["usize"], result: "i32" },
    });
    library.symbols.malloc_trim(0n);
    library.close();
  } catch {
    // Then the memory is used again later, or never.
  }
}
