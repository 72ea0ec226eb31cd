package mmu

// StopperSize is how many bytes a Stopper has. A direct write of as much goes
// to the disk in several parts: a part has at most 256 pieces of memory
// (BIO_MAX_VECS), and neighbouring pages are seldom one piece here.
const StopperSize = 512 * PageSize
