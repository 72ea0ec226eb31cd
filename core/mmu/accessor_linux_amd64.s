#include "go_asm.h"
#include "textflag.h"

#define SYS_gettid 186

// PUBLISH stores the thread's id into the inFlight in DI. The id is in the
// runtime's m, which g points to; if threadID (accessor_tid_linux.go) has not
// found where, the kernel is asked. It uses AX, CX, DX and R11.
#define PUBLISH \
	MOVQ ·gToM(SB), DX        \
	MOVQ (TLS), CX            \
	TESTQ DX, DX              \
	JZ 5(PC)                  \
	MOVQ (CX)(DX*1), CX       \
	MOVQ ·mToThread(SB), DX   \
	MOVL (CX)(DX*1), AX       \
	JMP 3(PC)                 \
	MOVL $SYS_gettid, AX      \
	SYSCALL                   \
	MOVL AX, inFlight_tid(DI)

// WITHDRAW takes it back. The fence between this and the look at
// inFlight.claim is exitsyscall: it changes the goroutine's status, which the
// garbage collector may be changing, by a locked compare-and-swap. A second
// locked instruction here would cost as much as all the rest of the accessor.
#define WITHDRAW \
	MOVL $0, inFlight_tid(DI)

// func load8(h *inFlight, p uintptr) uint64
TEXT ·load8(SB), NOSPLIT, $0-24
	MOVQ h+0(FP), DI
	MOVQ p+8(FP), SI
	PUBLISH
	MOVQ (SI), BX
	WITHDRAW
	MOVQ BX, ret+16(FP)
	RET

// func store8(h *inFlight, p uintptr, v uint64)
TEXT ·store8(SB), NOSPLIT, $0-24
	MOVQ h+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ v+16(FP), BX
	PUBLISH
	MOVQ BX, (SI)
	WITHDRAW
	RET

// func copyBytes(h *inFlight, dst, src unsafe.Pointer, n uintptr)
//
// REP MOVSQ faults and goes on between words. Below 256 bytes its start costs
// more than a loop.
TEXT ·copyBytes(SB), NOSPLIT, $0-32
	MOVQ h+0(FP), DI
	MOVQ dst+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ n+24(FP), BX
	PUBLISH
	MOVQ DI, R9
	MOVQ R8, DI
	CMPQ BX, $256
	JB   words
	MOVQ BX, CX
	SHRQ $3, CX
	ANDQ $7, BX
	CLD
	REP; MOVSQ

words:
	CMPQ BX, $8
	JB   bytes
	MOVQ (SI), AX
	MOVQ AX, (DI)
	ADDQ $8, SI
	ADDQ $8, DI
	SUBQ $8, BX
	JMP  words

bytes:
	TESTQ BX, BX
	JZ    done
	MOVB  (SI), AX
	MOVB  AX, (DI)
	INCQ  SI
	INCQ  DI
	DECQ  BX
	JMP   bytes

done:
	MOVQ R9, DI
	WITHDRAW
	RET

// func gAddress() uintptr
TEXT ·gAddress(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET

// func peek(p uintptr) uint64
TEXT ·peek(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ AX, ret+8(FP)
	RET
