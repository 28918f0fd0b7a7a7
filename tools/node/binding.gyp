{
  "targets": [
    {
      "target_name": "yieldsan_marks",
      "sources": ["marks.c"],
      "include_dirs": ["include", "../../include", "../../../include", "/usr/local/include"]
    }
  ]
}
