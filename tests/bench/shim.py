"""The empty shim: a library that exports the names libyieldsan.so exports, and only forwards.

What watching costs is reported against it, for any preload that stands before libc's functions costs a
jump; what comes on top is ours.
"""

# dlsym is what the shim's own look-up calls.
LEFT_OUT = {"dlsym"}

HEAD = """\
/* Made by shim.py. */
	.text
	.type	first, @function
first:	/* The number lies on the stack; every register an argument may be in is kept. */
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%rbp
	movq	%rsp, %rbp
	subq	$128, %rsp
	andq	$-16, %rsp
"""

CALL = """\
	movq	72(%rbp), %rdi
	call	shim_resolve
	movq	%rax, %r11
"""

TAIL = """\
	movq	%rbp, %rsp
	popq	%rbp
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rax
	leaq	8(%rsp), %rsp
	jmp	*%r11
"""


def vectors(instruction):
    order = "%xmm{0}, {1}(%rsp)" if instruction == "store" else "{1}(%rsp), %xmm{0}"
    return "".join("\tmovaps\t" + order.format(i, 16 * i) + "\n" for i in range(8))


def source(names):
    """The assembly for these names. A jump, not a call: vfork, dlopen and setjmp look at their
    caller."""
    names = sorted(set(names) - LEFT_OUT)
    text = [HEAD, vectors("store"), CALL, vectors("load"), TAIL]
    for number, name in enumerate(names):
        text.append(f"""\
	.globl	{name}
	.type	{name}, @function
	.balign	16
{name}:
	jmp	*shim_targets + {8 * number}(%rip)
first_{number}:
	pushq	${number}
	jmp	first
""")
    text.append("""\
	.hidden	shim_targets, shim_names
	.globl	shim_targets, shim_names
	.data
	.balign	8
shim_targets:
""")
    text += [f"\t.quad\tfirst_{number}\n" for number in range(len(names))]
    text.append("\t.section .data.rel.ro, \"aw\"\nshim_names:\n")
    text += [f"\t.quad\tname_{number}\n" for number in range(len(names))]
    text.append("\t.section .rodata\n")
    text += [f"name_{number}:\t.asciz \"{name}\"\n" for number, name in enumerate(names)]
    text.append("\t.section .note.GNU-stack, \"\", @progbits\n")
    return "".join(text)
