(function(){"use strict";
var form=document.getElementById("filter"),status=document.getElementById("shown");
if(!form)return;
var rows=[].slice.call(document.querySelectorAll("[data-w]"));
function apply(){
  var text=form.elements.q.value.toLowerCase(),on={},shown=0;
  [].forEach.call(form.querySelectorAll("input[type=checkbox]"),function(c){on[c.value]=c.checked});
  rows.forEach(function(r){
    var ok=on[r.getAttribute("data-w")]!==false&&(!text||r.textContent.toLowerCase().indexOf(text)>=0);
    r.hidden=!ok;if(ok)shown++;if(ok&&text&&r.tagName==="DETAILS")r.open=true;
  });
  status.textContent=shown+" / "+rows.length+" "+form.getAttribute("data-shown");
}
form.hidden=false;
form.addEventListener("input",apply);
form.addEventListener("submit",function(e){e.preventDefault()});
apply();
window.addEventListener("beforeprint",function(){[].forEach.call(document.querySelectorAll("details"),function(d){d.open=true})});
})();
