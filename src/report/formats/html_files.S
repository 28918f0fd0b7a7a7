/* The files of the HTML report, each with a NUL behind it. */
	.section .rodata
	.globl	html_page, html_style, html_script
html_page:
	.incbin	"src/report/html/page.html"
	.byte	0
html_style:
	.incbin	"src/report/html/style.css"
	.byte	0
html_script:
	.incbin	"src/report/html/script.js"
	.byte	0
	.section .note.GNU-stack, "", @progbits
