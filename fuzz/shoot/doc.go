// Package shoot runs programs on the running kernel and a real file system,
// and says how often what they look for comes about.
//
// A direct write can be held: its buffer is memory of a Stopper, so the kernel
// stops in the middle of the write, and the other operations are placed before
// it, in the windows inside it, and after it, in every order there is (Shot). A window that a few instructions pass in a blink is then hit on the
// first shot. What cannot be held so is left to chance: all tasks at once, with
// delays before their operations (Shooter.Free).
//
// Two windows can be held. In the first, the range has been invalidated and
// nothing is submitted. For the second the write is made so large that it goes
// to the disk in parts, of which the first, with all the data the program is
// about, has landed, and the invalidation after the IO is still to come.
//
// Whether a file system can be held at all is found out by trying: Probe.
package shoot
