{
  "targets": [
    {
      "target_name": "yieldsan_marks",
      "sources": ["marks.c"],
      "include_dirs": ["<!(test -d ../../include && echo ../../include || echo /usr/local/include)"]
    }
  ]
}
