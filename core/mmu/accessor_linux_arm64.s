#include "go_asm.h"
#include "textflag.h"

#define SYS_gettid 178

// PUBLISH stores the thread's id into the inFlight in R10, after all that was
// stored before. The id is in the runtime's m, which g points to; if threadID
// (accessor_tid_linux.go) has not found where, the kernel is asked. It uses R0
// to R2, R8 and R11.
#define PUBLISH \
	MOVD ·gToM(SB), R1        \
	CBZ R1, 5(PC)             \
	MOVD (g)(R1), R0          \
	MOVD ·mToThread(SB), R1   \
	MOVWU (R0)(R1), R0        \
	JMP 3(PC)                 \
	MOVD $SYS_gettid, R8      \
	SVC                       \
	ADD $inFlight_tid, R10, R11 \
	STLRW R0, (R11)

// WITHDRAW takes it back, after the access; the fence is between this and the
// look at inFlight.claim. R11 must be as PUBLISH left it.
#define WITHDRAW \
	STLRW ZR, (R11) \
	DMB $0xb // ISH

// func load8(h *inFlight, p uintptr) uint64
TEXT ·load8(SB), NOSPLIT, $0-24
	MOVD h+0(FP), R10
	MOVD p+8(FP), R3
	PUBLISH
	MOVD (R3), R4
	WITHDRAW
	MOVD R4, ret+16(FP)
	RET

// func store8(h *inFlight, p uintptr, v uint64)
TEXT ·store8(SB), NOSPLIT, $0-24
	MOVD h+0(FP), R10
	MOVD p+8(FP), R3
	MOVD v+16(FP), R4
	PUBLISH
	MOVD R4, (R3)
	WITHDRAW
	RET

// func copyBytes(h *inFlight, dst, src unsafe.Pointer, n uintptr)
//
// LDP and STP of aligned registers are single-copy atomic for each register.
TEXT ·copyBytes(SB), NOSPLIT, $0-32
	MOVD h+0(FP), R10
	MOVD dst+8(FP), R3
	MOVD src+16(FP), R4
	MOVD n+24(FP), R5
	PUBLISH

blocks:
	CMP   $64, R5
	BLO   words
	LDP.P 16(R4), (R12, R13)
	LDP.P 16(R4), (R14, R15)
	LDP.P 16(R4), (R16, R17)
	LDP.P 16(R4), (R19, R20)
	STP.P (R12, R13), 16(R3)
	STP.P (R14, R15), 16(R3)
	STP.P (R16, R17), 16(R3)
	STP.P (R19, R20), 16(R3)
	SUB   $64, R5
	JMP   blocks

words:
	CMP    $8, R5
	BLO    bytes
	MOVD.P 8(R4), R12
	MOVD.P R12, 8(R3)
	SUB    $8, R5
	JMP    words

bytes:
	CBZ     R5, done
	MOVBU.P 1(R4), R12
	MOVB.P  R12, 1(R3)
	SUB     $1, R5
	JMP     bytes

done:
	WITHDRAW
	RET

// func gAddress() uintptr
TEXT ·gAddress(SB), NOSPLIT, $0-8
	MOVD g, ret+0(FP)
	RET

// func peek(p uintptr) uint64
TEXT ·peek(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD (R0), R0
	MOVD R0, ret+8(FP)
	RET
