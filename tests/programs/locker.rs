//! locker.c's functions, from a library that is opened by its path.

use std::ffi::CString;

#[derive(Clone, Copy)]
pub struct Locker {
    take: extern "C" fn(),
    give: extern "C" fn(),
    take_and_give: extern "C" fn(),
}

impl Locker {
    pub fn open(path: &str) -> Locker {
        let path = CString::new(path).unwrap();
        // SAFETY: the library has no constructors.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        assert!(!library.is_null());
        let function = |name: &str| {
            let name = CString::new(name).unwrap();
            // SAFETY: the library stays open, and these functions have no arguments and no result.
            unsafe {
                let address = libc::dlsym(library, name.as_ptr());
                assert!(!address.is_null());
                std::mem::transmute::<*mut libc::c_void, extern "C" fn()>(address)
            }
        };
        Locker {
            take: function("locker_take"),
            give: function("locker_give"),
            take_and_give: function("locker_take_and_give"),
        }
    }

    pub fn take(self) {
        (self.take)();
    }

    pub fn give(self) {
        (self.give)();
    }

    pub fn take_and_give(self) {
        (self.take_and_give)();
    }
}
